import { css, html, LitElement } from "lit";
import { customElement } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import "../elements/camera-view.ts";
import { shared } from "../style/shared.ts";
import { server } from "../things/server.ts";

/** All cameras at once, each live. */
@customElement("wall-view")
export class WallView extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr));
        align-content: start;
        gap: 8px;
        padding: 8px;
        overflow: auto;
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
    return repeat(
      server.streams,
      ({ path }) => path,
      ({ url }) => html`<camera-view .src=${url}></camera-view>`,
    );
  }
}
