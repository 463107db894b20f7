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
      header strong {
        font-size: 15px;
      }
      code {
        overflow: hidden;
        color: var(--quiet);
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      nav {
        display: flex;
        gap: 16px;
        margin-left: auto;
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
        <strong>Thingscope</strong><code>${location.pathname}</code>
        <nav aria-label="Pages">
          <a href=${home}>Dashboard</a>
          <a href="${home}things/">Things</a>
          <a href=${document.body.dataset.health ?? ""}>Health</a>
          <a href="${home}docs">API</a>
        </nav>
      </header>
      <main>
        ${this.problem === undefined ? nothing : html`<p class="problem" role="alert">${this.problem}</p>`}
        ${this.answer === undefined ? nothing : this.#document()}
      </main>
    `;
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
