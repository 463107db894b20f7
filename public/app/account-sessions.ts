import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { shared } from "../style/shared.ts";
import { Underway } from "../style/underway.ts";
import { account, type Session, type Token } from "../things/account.ts";
import { sentenceOf } from "../things/sentence-of.ts";

/** Browsers that are logged in, and tokens of programs, for an admin. */
@customElement("account-sessions")
export class AccountSessions extends LitElement {
  static override styles = [
    shared,
    css`
      :host,
      ul {
        display: grid;
        gap: 8px;
      }
      ul {
        list-style: none;
      }
      li {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 12px;
      }
      li > span {
        min-width: 0;
        overflow-wrap: anywhere;
      }
    `,
  ];
  @state() accessor sessions: readonly Session[] = [];
  @state() accessor tokens: readonly Token[] = [];
  @state() accessor problem = "";
  readonly #ending = new Underway(this);

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#read();
  }

  override render() {
    return html`
      <h2 tabindex="-1">Logged-in browsers</h2>
      <ul>${repeat(
        this.sessions,
        ({ id }) => id,
        (session) => this.#session(session),
      )}</ul>
      <h2>Tokens of programs</h2>
      ${
        this.tokens.length === 0
          ? html`<p class="quiet">None. On the server's computer: <code>thingscope tokens create</code></p>`
          : html`<ul>${this.tokens.map(
              ({ name, role, expires }) => html`<li>
                <span>${name} <span class="quiet">${role}, until ${new Date(expires).toLocaleDateString()}</span></span>
              </li>`,
            )}</ul>`
      }
      ${this.problem && html`<p class="problem" role="alert">${this.problem}</p>`}
    `;
  }

  #session({ id, name, role, used, current }: Session) {
    return html`<li>
      <span>${name} <span class="quiet">${role}, ${current ? "this browser" : sinceWords(used)}</span></span>
      ${
        current
          ? nothing
          : html`<button
              aria-label="Log out ${name}, ${sinceWords(used)}"
              aria-disabled=${this.#ending.has(id) || nothing}
              @click=${() => this.#ending.run(() => this.#end(id), id)}
            >Log out</button>`
      }
    </li>`;
  }

  async #read(): Promise<void> {
    try {
      [this.sessions, this.tokens] = await Promise.all([account.sessions(), account.tokens()]);
      this.problem = "";
    } catch (error) {
      this.problem = sentenceOf(error);
    }
  }

  async #end(id: string): Promise<void> {
    const row = this.shadowRoot?.activeElement?.closest("li");
    const others = [row?.nextElementSibling, row?.previousElementSibling];
    const next = others.map((other) => other?.querySelector("button")).find(Boolean);
    try {
      await account.endSession(id);
    } catch (error) {
      this.problem = sentenceOf(error);
    }
    await this.#read();
    await this.updateComplete;
    if (row && !row.isConnected) (next ?? this.renderRoot.querySelector("h2"))?.focus();
  }
}

function sinceWords(used: string): string {
  const minutes = Math.round((Date.now() - Date.parse(used)) / 60_000);
  if (minutes < 2) return "in use now";
  if (minutes < 120) return `last used ${minutes} min ago`;
  if (minutes < 48 * 60) return `last used ${Math.round(minutes / 60)} h ago`;
  return `last used ${Math.round(minutes / (24 * 60))} days ago`;
}
