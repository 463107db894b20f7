import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, state } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { fetchJson } from "../things/fetch-json.ts";
import "./api-operation.ts";
import { type Operation, type Section, sectionsOf } from "./operation.ts";

/** The API of the server, made from its OpenAPI document: each operation explained, as a command, and to be tried. */
@customElement("api-page")
export class ApiPage extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: 232px minmax(0, 1fr);
        gap: 32px;
        max-width: 1400px;
        margin: 0 auto;
        padding: 0 24px;
      }
      aside {
        position: sticky;
        top: 0;
        align-self: start;
        max-height: 100dvh;
        padding: 24px 2px;
        overflow-y: auto;
      }
      aside input {
        width: 100%;
      }
      nav {
        display: grid;
        margin-top: 16px;
      }
      nav a {
        display: flex;
        justify-content: space-between;
        gap: 12px;
        padding: 5px 12px;
        border-radius: 6px;
        color: var(--text);
        overflow-wrap: anywhere;
        text-decoration: none;
      }
      nav a:hover {
        background: var(--panel);
      }
      main {
        min-width: 0;
        padding: 24px 0 64px;
      }
      section {
        scroll-margin-top: 16px;
      }
      section + section {
        margin-top: 36px;
      }
      section header {
        margin-bottom: 14px;
      }
      h1 {
        font-size: 20px;
        font-weight: 600;
      }
      .operations {
        border: 1px solid var(--line);
        border-radius: 10px;
        background: var(--panel);
        overflow: hidden;
      }
      api-operation + api-operation {
        border-top: 1px solid var(--line);
      }
      @media (max-width: 860px) {
        :host {
          display: block;
          padding: 0 16px;
        }
        aside {
          position: static;
          max-height: none;
          padding: 16px 0 0;
        }
        nav {
          display: flex;
          flex-wrap: wrap;
        }
      }
    `,
  ];

  @state() accessor #sections: readonly Section[] = [];
  @state() accessor #document: object = {};
  @state() accessor #status = "Asking the server";
  @state() accessor #filter = "";
  /** Operation that is opened, of the address. */
  @state() accessor #target = "";
  readonly #follow = () => this.#goToTarget();

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#follow);
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#follow);
  }

  override render() {
    if (this.#sections.length === 0) return html`<main><p role="status">${this.#status}</p></main>`;
    const words = this.#filter.toLowerCase().split(/\s+/).filter(Boolean);
    const has = (operation: Operation) => words.every((word) => wordsOf(operation).includes(word));
    return html`
      <aside>
        <input
          id="filter"
          type="search"
          placeholder="Filter by path or word"
          aria-label="Filter"
          autocomplete="off"
          spellcheck="false"
          @input=${(event: Event) => {
            this.#filter = (event.target as HTMLInputElement).value;
          }}
        />
        <nav aria-label="Sections">
          ${this.#sections.map(
            ({ name, operations }) =>
              html`<a href=${`#section:${name}`}>${name}<span class="number quiet">${operations.filter(has).length}</span></a>`,
          )}
          <a href=${addressOfDocument()}>As OpenAPI</a>
        </nav>
      </aside>
      <main>${this.#sections.map((section) => this.#section(section, has))}</main>
    `;
  }

  #section({ name, description, operations }: Section, has: (operation: Operation) => boolean) {
    const shown = operations.filter(has);
    if (shown.length === 0 && operations.length > 0) return nothing;
    return html`<section id=${`section:${name}`} aria-label=${name}>
      <header>
        <h1>${name}</h1>
        <p class="quiet">${description}</p>
      </header>
      <div class="operations">
        ${operations.map(
          (operation) => html`<api-operation
            id=${operation.id}
            ?hidden=${!shown.includes(operation)}
            .operation=${operation}
            .document=${this.#document}
            ?open=${this.#target === operation.id}
          ></api-operation>`,
        )}
      </div>
    </section>`;
  }

  async #load(): Promise<void> {
    try {
      const document = await fetchJson(addressOfDocument());
      this.#document = document;
      this.#sections = sectionsOf(document);
      await this.updateComplete;
      this.#goToTarget();
    } catch (error) {
      const text =
        error instanceof TypeError ? "The server does not answer." : Object(error).message;
      this.#status = `${text} Load this page again.`;
    }
  }

  /** A browser does not look for the targets of links inside elements. No Thing can be named with a colon. */
  #goToTarget(): void {
    const name = decode(location.hash.slice(1));
    if (name === "") return;
    this.#target = name;
    const found = this.renderRoot.querySelector(`[id="${CSS.escape(name)}"]`);
    const section = this.renderRoot.querySelector(`[id="section:${CSS.escape(name)}"]`);
    (section ?? found)?.scrollIntoView();
  }

  override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    this.classList.toggle("loaded", this.#sections.length > 0);
  }
}

function addressOfDocument(): string {
  return document.body.dataset.openapi ?? "openapi.json";
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function wordsOf({ method, path, summary, description }: Operation): string {
  return `${method} ${path} ${summary} ${description}`.toLowerCase();
}
