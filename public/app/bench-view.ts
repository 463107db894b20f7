import { css, html, LitElement } from "lit";
import { customElement } from "lit/decorators.js";
import "../elements/camera-view.ts";
import { panelFor } from "../instruments/panels.ts";
import { shared } from "../style/shared.ts";
import { server } from "../things/server.ts";
import { address } from "./address.ts";

/** The instrument as a bench: the picture on the left, the instruments on the right, what one does every day above. */
@customElement("bench-view")
export class BenchView extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 420px;
        min-height: 0;
      }
      .instruments {
        display: grid;
        align-content: start;
        gap: 12px;
        min-height: 0;
        padding: 12px;
        overflow: auto;
        border-left: 1px solid var(--line);
      }
      @media (max-width: 900px) {
        :host {
          display: block;
          overflow: auto;
        }
      }
    `,
  ];
  readonly #update = () => this.requestUpdate();

  override connectedCallback(): void {
    super.connectedCallback();
    server.addEventListener("change", this.#update);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    server.removeEventListener("change", this.#update);
  }

  override render() {
    const { streams, things } = server;
    const shown = streams.find(({ path }) => path === address.get("camera")) ?? streams[0];
    return html`
      <div class="picture">
        ${shown && html`<camera-view .src=${shown.url}></camera-view>`}
      </div>
      <div class="instruments">${[...things.values()].map((thing) => panelFor(thing))}</div>
    `;
  }
}
