import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { Underway } from "../style/underway.ts";
import { account, type LoginLinks } from "../things/account.ts";
import { sentenceOf } from "../things/sentence-of.ts";
import "./copy-field.ts";

const ROLES = [
  ["view", "Look"],
  ["operate", "Operate"],
  ["admin", "Everything"],
] as const;

/** A login link for a phone or a colleague, with its QR code, made by an admin. */
@customElement("account-links")
export class AccountLinks extends LitElement {
  static override styles = [
    shared,
    css`
      :host,
      .link {
        display: grid;
        gap: 10px;
      }
      fieldset {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 16px;
        margin: 0;
        padding: 0;
        border: 0;
      }
      legend {
        margin-bottom: 4px;
        padding: 0;
        color: var(--quiet);
      }
      label {
        display: flex;
        align-items: center;
        gap: 6px;
        min-height: 28px;
      }
      input[type="radio"] {
        margin: 0; /* of the browser: more above than below */
      }
      img {
        width: min(220px, 100%);
        border-radius: var(--radius, 8px);
        background: #fff;
        justify-self: center;
        image-rendering: pixelated;
      }
      @media (pointer: coarse) {
        label {
          min-height: 44px;
        }
      }
    `,
  ];
  @state() accessor made: LoginLinks | undefined;
  @state() accessor problem = "";
  readonly #making = new Underway(this);

  override render() {
    return html`
      <h2>Login link for a phone</h2>
      <fieldset>
        <legend>Whoever opens it may</legend>
        ${ROLES.map(
          ([role, title]) => html`<label
            ><input type="radio" name="role" value=${role} ?checked=${role === "view"} @change=${this.#forget} />${title}</label
          >`,
        )}
      </fieldset>
      ${this.made ? this.#links(this.made) : this.#button()}
      ${this.problem && html`<p class="problem" role="alert">${this.problem}</p>`}
      <p class="quiet">
        A colleague who comes often has a name and a password. On the server's computer:
        <code>thingscope users add NAME --role operate</code>
      </p>
    `;
  }

  #button() {
    const isMaking = this.#making.has();
    return html`<button aria-disabled=${isMaking || nothing} @click=${() => this.#making.run(() => this.#make())}>
      ${isMaking ? "Making the link" : "Show link and QR code"}
    </button>`;
  }

  #links({ links, local, expires }: LoginLinks) {
    const until = new Date(expires).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    return html`
      ${links.map(
        ({ url, qr }) => html`<div class="link">
          ${local ? nothing : html`<img src="data:image/svg+xml,${encodeURIComponent(qr)}" alt="QR code of the login link" />`}
          <copy-field name="Login link" .value=${url}></copy-field>
        </div>`,
      )}
      <p class="quiet" role="status">
        It logs one browser in, once, until ${until}.
        ${local ? "Only this computer reaches the server, so no phone can open it: start the server with --lan." : ""}
      </p>
    `;
  }

  get #role(): string {
    const chosen = this.renderRoot.querySelector<HTMLInputElement>("input[name=role]:checked");
    return chosen?.value ?? "view";
  }

  /** A link is for the role that was chosen when it was made. */
  #forget(): void {
    this.made = undefined;
  }

  async #make(): Promise<void> {
    const role = this.#role;
    this.problem = "";
    try {
      const made = await account.newLinks(role);
      if (role !== this.#role) return; // nobody takes it for one of the role that was chosen meanwhile
      const hadKeyboard = this.shadowRoot?.activeElement?.localName === "button";
      this.made = made;
      await this.updateComplete;
      if (hadKeyboard) this.renderRoot.querySelector<HTMLElement>("copy-field")?.focus();
    } catch (error) {
      this.problem = sentenceOf(error);
    }
  }
}
