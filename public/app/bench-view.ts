import { css, html, LitElement, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import "../elements/camera-view.ts";
import { Steering } from "../instruments/steering.ts";
import { shared } from "../style/shared.ts";
import { type Stream, server, Watching } from "../things/server.ts";
import { titleOf } from "../things/td.ts";
import { address } from "./address.ts";
import "./camera-strip.ts";
import "./daily-actions.ts";
import "./instrument-cards.ts";
import "./no-camera.ts";
import "./thing-lamp.ts";

/** The instrument as a bench: the picture on the left, the instruments on the right, what one does every day above. */
@customElement("bench-view")
export class BenchView extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 400px;
        min-height: 0;
        height: 100%;
      }
      main {
        display: flex;
        flex-direction: column;
        min-height: 0;
      }
      .bar {
        display: flex;
        align-items: center;
        gap: 8px 16px;
        min-height: 48px;
        padding: 6px 12px;
      }
      .bar h1 {
        margin: 0;
        overflow: hidden;
        font-size: 15px;
        font-weight: 600;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      daily-actions {
        margin-left: auto;
      }
      camera-strip {
        flex: none;
      }
      camera-view,
      no-camera {
        flex: 1;
        min-height: 0;
        overflow: hidden;
      }
      no-camera {
        overflow: auto;
      }
      aside {
        min-height: 0;
        padding: 8px;
        overflow: auto;
        border-left: 1px solid var(--line);
      }
      @media (max-width: 900px) {
        :host {
          display: flex;
          flex-direction: column;
          overflow: auto;
        }
        main {
          display: contents;
        }
        .bar {
          position: sticky;
          bottom: 0;
          flex: none;
          order: 1;
          z-index: 2;
          border-top: 1px solid var(--line);
          background: var(--panel);
        }
        .bar .what {
          display: none;
        }
        daily-actions {
          margin: 0;
          flex: 1;
        }
        camera-view {
          flex: none;
        }
        aside {
          flex: 1 0 auto;
          max-width: 100vw;
          border: 0;
          overflow: visible;
        }
      }
    `,
  ];
  readonly watching = new Watching(this, server, address);
  readonly steering = new Steering(this, () => this.#shown());

  override render() {
    const shown = this.#shown();
    return html`
      <main>
        <div class="bar">
          ${
            shown
              ? html`<h1 class="what">${titleOf(shown.thing, {})}</h1>
            <thing-lamp class="what" .name=${shown.thing}></thing-lamp>`
              : nothing
          }
          <daily-actions .stream=${shown}></daily-actions>
        </div>
        ${shown ? keyed(shown.url, html`<camera-view .src=${shown.url} .pixelSize=${this.steering.pixelSize}></camera-view>`) : this.#none()}
        ${
          server.cameras.length > 1
            ? html`<camera-strip .shown=${shown?.path ?? ""}></camera-strip>`
            : nothing
        }
      </main>
      <aside aria-label="Instruments">
        <instrument-cards .camera=${shown?.thing ?? ""}></instrument-cards>
      </aside>
    `;
  }

  #none() {
    return server.isKnown ? html`<no-camera></no-camera>` : nothing;
  }

  #shown(): Stream | undefined {
    const wanted = address.get("camera");
    return server.streams.find(({ path }) => path === wanted) ?? server.cameras[0];
  }
}
