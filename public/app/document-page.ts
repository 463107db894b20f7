import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { healthIn } from "../things/health.ts";
import { reloadOnce } from "../things/reload.ts";
import "./description-document.ts";
import "./health-document.ts";

const AGAIN_MS = 2000;

/** What this address answers programs with, for people: a description, a list of Things, the health of the server. */
@customElement("document-page")
export class DocumentPage extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
      }
      header {
        display: flex;
        align-items: center;
        gap: 4px 20px;
        min-height: 44px;
        padding: 0 16px;
        border-bottom: 1px solid var(--line);
        background: var(--panel);
      }
      header > a {
        color: var(--text);
        font-size: 15px;
        text-decoration: none;
      }
      code {
        overflow: hidden;
        color: var(--quiet);
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      nav {
        display: flex;
        gap: 4px;
        margin-left: auto;
      }
      nav a {
        padding: 11px 8px;
        color: var(--quiet);
        text-decoration: none;
        white-space: nowrap;
      }
      nav a:hover {
        color: var(--text);
      }
      @media (max-width: 640px) {
        header {
          flex-wrap: wrap;
          padding: 0 12px;
        }
        header > * {
          min-height: 44px;
          line-height: 44px;
        }
        header code {
          flex: 1;
        }
        nav {
          flex-basis: 100%;
          justify-content: space-between;
          margin: 0;
          line-height: inherit;
        }
      }
      main {
        display: grid;
        gap: 20px;
        max-width: 1040px;
        margin: 0 auto;
        padding: 24px 16px 64px;
      }
      summary {
        min-height: 32px;
        cursor: pointer;
      }
      pre {
        margin: 0;
        padding: 12px;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--panel);
        font-family: var(--mono);
        font-size: 12px;
        overflow: auto;
      }
      ul {
        display: grid;
        gap: 8px;
        list-style: none;
      }
    `,
  ];
  @state() accessor answer: unknown;
  @state() accessor problem: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    document.title = `${location.pathname} · Thingscope`;
    void this.#ask();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  override render() {
    const home = document.body.dataset.home ?? "./";
    return html`
      <header>
        <a href=${home}><strong>Thingscope</strong></a><code>${location.pathname}</code>
        <nav aria-label="Pages">
          <a href=${home}>Bench</a>
          <a href="${home}?view=wall">Wall</a>
          <a href="${home}?view=recordings">Recordings</a>
          <a href="${home}?view=things">Things</a>
          <a href="${home}docs">API</a>
        </nav>
      </header>
      <main>
        ${this.problem === undefined ? nothing : html`<p class="problem" role="alert">${this.problem}</p>`}
        ${this.answer === undefined ? this.#coming() : this.#document()}
      </main>
    `;
  }

  #coming() {
    return this.problem === undefined ? html`<p class="quiet" role="status">Loading</p>` : nothing;
  }

  #document(): TemplateResult {
    return html`
      ${contentOf(this.answer)}
      <details>
        <summary>As JSON, which programs get</summary>
        <pre tabindex="0">${JSON.stringify(this.answer, null, 2)}</pre>
      </details>
    `;
  }

  async #ask(): Promise<void> {
    try {
      const response = await fetch(location.href, {
        headers: { Accept: "application/json, application/td+json, application/ld+json;q=0.9" },
        signal: AbortSignal.timeout(8000),
      });
      if (response.status === 401) reloadOnce("login");
      this.answer = await response.json();
      this.problem = response.ok ? undefined : String(Object(this.answer).detail);
    } catch {
      this.problem = "The server does not answer. Trying again.";
    }
    const isHealth = healthIn(this.answer) !== undefined;
    if (isHealth || this.problem !== undefined)
      this.#timer = setTimeout(() => void this.#ask(), AGAIN_MS);
  }
}

function contentOf(answer: unknown): TemplateResult {
  if (healthIn(answer)) return html`<health-document .health=${answer}></health-document>`;
  const { title, members } = Object(answer);
  if (typeof title === "string") return documentOf(answer);
  const list = Array.isArray(members) ? members : answer;
  const entries = Object.entries(Object(list));
  if (entries.length === 0) return html`<p>There are none.</p>`;
  return html`<ul>
    ${entries.map(([name, entry]) => html`<li>${entryOf(name, entry)}</li>`)}
  </ul>`;
}

/** Of a list: a description, or the address of one. */
function entryOf(name: string, entry: unknown): TemplateResult {
  if (typeof entry === "string" && /^https?:/.test(entry))
    return html`<a href=${entry}>${name}</a> <code>${entry}</code>`;
  if (typeof Object(entry).title === "string") return documentOf(entry, true);
  return html`${name}: <code>${JSON.stringify(entry)}</code>`;
}

function documentOf(description: unknown, isShort = false): TemplateResult {
  return html`<description-document
    .description=${description}
    ?short=${isShort}
  ></description-document>`;
}
