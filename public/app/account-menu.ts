import { css, html, LitElement, nothing } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { closeBehindKeyboard, giveKeyboardBack, popover } from "../style/popover.ts";
import { shared } from "../style/shared.ts";
import { Underway } from "../style/underway.ts";
import { account } from "../things/account.ts";
import { sentenceOf } from "../things/sentence-of.ts";
import "./account-links.ts";
import "./account-sessions.ts";

const MEANING: Readonly<Record<string, string>> = {
  push: "sends pictures, and nothing else",
  view: "looks, and changes nothing",
  operate: "looks, and operates the instruments",
  admin: "may do everything, and lets others in",
};

/** Who is logged in, the way out, and for an admin the ways in for others; nothing where nobody has to log in. */
@customElement("account-menu")
export class AccountMenu extends LitElement {
  static override styles = [
    shared,
    popover,
    css`
      :host {
        display: flex;
      }
      .who {
        gap: 8px;
        max-width: 180px;
      }
      .who span {
        overflow: hidden;
        text-overflow: ellipsis;
      }
      @media (max-width: 640px) {
        .who {
          max-width: 96px;
        }
        .who small {
          position: absolute;
          clip-path: inset(50%);
        }
      }
      .who small {
        color: var(--quiet);
        font-size: 11px;
      }
      [popover] {
        inset: 52px 12px auto auto;
        width: min(360px, calc(100vw - 24px));
        max-height: calc(100dvh - 64px);
      }
      .me {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 12px;
      }
      .me p {
        overflow-wrap: anywhere;
      }
      account-links,
      account-sessions {
        padding-top: 16px;
        border-top: 1px solid var(--line);
      }
    `,
  ];
  @state() accessor problem = "";
  /** What is in the menu asks the server when it is opened, and not before. */
  @state() accessor isOpen = false;
  @query("[popover]") accessor menu!: HTMLElement;
  readonly #update = () => this.requestUpdate();
  readonly #leaving = new Underway(this);

  override connectedCallback(): void {
    super.connectedCallback();
    account.addEventListener("change", this.#update);
    void account.ask();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    account.removeEventListener("change", this.#update);
  }

  override render() {
    if (!account.hasLogin) return nothing;
    const { name, role } = account;
    return html`
      <button class="who" popovertarget="menu" title="Account: ${name}, role ${role}">
        <span>${name}</span><small>${role}</small>
      </button>
      <div
        id="menu" popover role="dialog" aria-label="Account"
        @toggle=${this.#toggled} @beforetoggle=${giveKeyboardBack} @focusout=${closeBehindKeyboard}
      >
        <div class="me">
          <p><strong>${name}</strong><br /><span class="quiet">${role}: ${MEANING[role]}</span></p>
          <button aria-disabled=${this.#leaving.has() || nothing} @click=${() => this.#leaving.run(() => this.#logOut())}>
            ${this.#leaving.has() ? "Logging out" : "Log out"}
          </button>
        </div>
        ${this.problem && html`<p class="problem" role="alert">${this.problem}</p>`}
        ${
          role === "admin" && this.isOpen
            ? html`<account-links></account-links><account-sessions></account-sessions>`
            : nothing
        }
      </div>
    `;
  }

  #toggled(event: ToggleEvent): void {
    this.isOpen = event.newState === "open";
  }

  /** The page that is loaded again shows where to log in. */
  async #logOut(): Promise<void> {
    this.problem = "";
    try {
      await account.logOut();
      location.reload();
    } catch (error) {
      this.problem = sentenceOf(error);
    }
  }
}
