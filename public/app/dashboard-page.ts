import { css, html, LitElement, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { server } from "../things/server.ts";
import { address } from "./address.ts";
import "./account-menu.ts";
import "./bench-view.ts";
import "./wall-view.ts";

/** The dashboard: what is shown stands in the address, `?view=`. */
@customElement("dashboard-page")
export class DashboardPage extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-rows: auto minmax(0, 1fr);
        height: 100dvh;
      }
      header {
        display: flex;
        align-items: center;
        gap: 8px 20px;
        padding: 8px 16px;
        border-bottom: 1px solid var(--line);
        background: var(--panel);
      }
      header strong {
        font-size: 15px;
      }
      nav {
        display: flex;
        gap: 16px;
        margin-left: auto;
      }
      nav a {
        color: var(--quiet);
        text-decoration: none;
      }
      nav a[aria-current] {
        color: var(--text);
        box-shadow: 0 2px 0 -1px var(--accent);
      }
    `,
  ];
  readonly #update = () => this.requestUpdate();

  override connectedCallback(): void {
    super.connectedCallback();
    server.addEventListener("change", this.#update);
    address.addEventListener("change", this.#update);
    void server.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    server.removeEventListener("change", this.#update);
    address.removeEventListener("change", this.#update);
  }

  override render() {
    const view = address.get("view") ?? "bench";
    return html`
      <header>
        <strong>Thingscope</strong>
        <span class="quiet">${location.host}</span>
        <span class="problem" role="status">${server.problem}</span>
        <nav aria-label="Views">${this.#link("bench", view)} ${this.#link("wall", view)}</nav>
        <account-menu></account-menu>
      </header>
      ${view === "wall" ? html`<wall-view></wall-view>` : html`<bench-view></bench-view>`}
    `;
  }

  #link(view: string, now: string) {
    const href = address.hrefOf({ view: view === "bench" ? undefined : view });
    const go = (event: MouseEvent) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      address.go({ view: view === "bench" ? undefined : view });
    };
    const title = view.charAt(0).toUpperCase() + view.slice(1);
    return html`<a href=${href} aria-current=${view === now ? "page" : nothing} @click=${go}>${title}</a>`;
  }
}
