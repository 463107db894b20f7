import { css, html, LitElement } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import "../elements/camera-view.ts";
import { shared } from "../style/shared.ts";
import { type Stream, server, Watching } from "../things/server.ts";
import { titleOf } from "../things/td.ts";
import { viewLink } from "./view-link.ts";
import { columnsFor } from "./wall-columns.ts";

/** All cameras at once, each live, in one screen: a click opens one on the bench. */
@customElement("wall-view")
export class WallView extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: repeat(var(--columns), minmax(0, 1fr));
        grid-auto-rows: minmax(0, 1fr);
        gap: 4px;
        height: 100%;
        min-height: 0;
        padding: 4px;
        overflow: auto;
      }
      a {
        display: grid;
        min-height: 0;
        border-radius: 4px;
        overflow: hidden;
        color: inherit;
        text-decoration: none;
      }
      .login {
        place-items: center;
        padding: 16px;
        background: var(--panel);
        text-align: center;
      }
      camera-view {
        pointer-events: none;
      }
      @media (max-width: 640px) {
        :host {
          grid-auto-rows: auto;
          align-content: start;
        }
      }
    `,
  ];
  @state() accessor size = { width: innerWidth, height: innerHeight };
  readonly watching = new Watching(this, server);
  readonly #resizes = new ResizeObserver(([entry]) => {
    if (entry) this.size = entry.contentRect;
  });

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resizes.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resizes.disconnect();
  }

  override willUpdate(): void {
    const columns = columnsFor(server.cameras.length, this.size);
    this.style.setProperty("--columns", String(columns));
  }

  override render() {
    const { cameras } = server;
    if (cameras.length === 0) return server.isKnown ? html`<no-camera></no-camera>` : html``;
    const tiles = repeat(
      cameras,
      ({ path }) => path,
      (stream) => this.#tile(stream, cameras),
    );
    return html`<h1 class="unseen">All cameras</h1>${tiles}`;
  }

  #tile({ path, thing, name, url, title: own, login }: Stream, all: readonly Stream[]) {
    const isOnly = all.filter((other) => other.thing === thing).length === 1;
    const title = isOnly ? own : `${own}: ${titleOf(name, {})}`;
    if (login)
      return html`<a class="login" href=${login}>${title} is shown at ${login}, where somebody has to log in.</a>`;
    return viewLink(
      { view: undefined, camera: path },
      false,
      html`
<camera-view compact .src=${url} .name=${title}></camera-view>      `,
    );
  }
}
