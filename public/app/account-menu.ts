import { css, html, LitElement, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { account } from "../things/account.ts";

/** Who is logged in, and the way out; nothing where nobody has to log in. */
@customElement("account-menu")
export class AccountMenu extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        position: relative;
        display: flex;
      }
    `,
  ];
  readonly #update = () => this.requestUpdate();

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
    return html`<button @click=${logOut}>${account.name}</button>`;
  }
}

/** The page that is loaded again shows where to log in. */
async function logOut(): Promise<void> {
  await fetch("logout", { method: "POST" });
  location.reload();
}
