import { css, html, LitElement, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { account, type LoginLinks } from "../things/account.ts";

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
      img {
        width: min(220px, 100%);
        border-radius: var(--radius, 8px);
        background: #fff;
        justify-self: center;
        image-rendering: pixelated;
      }
      .url {
        display: flex;
        gap: 8px;
      }
      input[readonly] {
        flex: 1;
        font-family: var(--mono);
        font-size: 12px;
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
  @state() accessor copied = -1;

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
      ${this.made ? this.#links(this.made) : html`<button @click=${this.#make}>Show link and QR code</button>`}
      ${this.problem && html`<p class="problem" role="alert">${this.problem}</p>`}
    `;
  }

  #links({ links, local, expires }: LoginLinks) {
    const until = new Date(expires).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    return html`
      ${links.map(
        ({ url, qr }, index) => html`<div class="link">
          ${local ? nothing : html`<img src="data:image/svg+xml,${encodeURIComponent(qr)}" alt="QR code of the login link" />`}
          <div class="url">
            <input readonly aria-label="Login link" .value=${url} @focus=${selectAll} />
            <button @click=${() => this.#copy(url, index)}>${this.copied === index ? "Copied" : "Copy"}</button>
          </div>
        </div>`,
      )}
      <p class="quiet" role="status">
        It logs one browser in, once, until ${until}.
        ${local ? "Only this computer reaches the server, so no phone can open it: start the server with --lan." : ""}
      </p>
    `;
  }

  /** A link is for the role that was chosen when it was made. */
  #forget(): void {
    this.made = undefined;
    this.copied = -1;
  }

  async #make(): Promise<void> {
    const chosen = this.renderRoot.querySelector<HTMLInputElement>("input[name=role]:checked");
    this.problem = "";
    try {
      this.made = await account.newLinks(chosen?.value ?? "view");
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    }
  }

  async #copy(url: string, index: number): Promise<void> {
    try {
      await navigator.clipboard.writeText(url);
      this.copied = index;
    } catch {
      this.problem = "The browser does not let this page copy: select the link, and copy it.";
    }
  }
}

function selectAll(event: FocusEvent): void {
  if (event.target instanceof HTMLInputElement) event.target.select();
}
