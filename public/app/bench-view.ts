import { css, html, LitElement, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import "../elements/camera-view.ts";
import { Steering } from "../instruments/steering.ts";
import { shared } from "../style/shared.ts";
import { type Stream, server, Watching } from "../things/server.ts";
import { address } from "./address.ts";
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
      .what {
        display: flex;
        align-items: center;
        gap: 4px 16px;
        min-width: 0;
        min-height: 36px;
        align-self: start;
      }
      .bar h1 {
        margin: 0;
        overflow: hidden;
        font-size: 15px;
        font-weight: 600;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      thing-lamp {
        flex: none;
      }
      .another {
        padding: 0 12px 8px;
      }
      daily-actions {
        flex: 1 0 50%;
        min-width: min-content; /* nothing stands behind its buttons */
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
          display: contents;
        }
        .what {
          order: 1;
          padding: 4px 12px 0;
        }
        .another {
          order: 1;
          padding: 4px 12px 0;
        }
        daily-actions {
          position: sticky;
          bottom: 0;
          order: 3;
          z-index: 2;
          flex: none;
          padding: 6px 12px max(6px, env(safe-area-inset-bottom));
          border-top: 1px solid var(--line);
          background: var(--panel);
        }
        camera-view,
        no-camera {
          flex: none;
        }
        /* A telephone on its side, or a page at 200 %: all of it is seen between the header and the actions. */
        camera-view {
          max-height: max(240px, calc(100dvh - 102px));
        }
        aside {
          order: 2;
          flex: 1 0 auto;
          max-width: 100vw;
          border: 0;
          overflow: visible;
        }
      }
    `,
  ];
  readonly watching = new Watching(this, server, address);
  readonly steering = new Steering(this, () => this.#steered());

  override render() {
    const shown = this.#shown();
    return html`
      <main>
        <div class="bar">
          ${
            shown
              ? html`<div class="what">
                  <h1>${shown.title}</h1>
                  <thing-lamp .name=${shown.thing}></thing-lamp>
                  <picture-addresses .stream=${shown}></picture-addresses>
                </div>`
              : nothing
          }
          <daily-actions .stream=${shown}></daily-actions>
        </div>
        ${shown ? this.#whyAnother(shown) : nothing}
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

  /** Who comes by an old address sees that this is not the camera that they meant. */
  #whyAnother({ path, title }: Stream) {
    const wanted = address.get("camera") ?? path;
    if (wanted === path || !server.isKnown) return nothing;
    return html`<p class="another problem" role="status">
      There is no camera '${wanted.slice(0, 80)}': it was removed or renamed, or its server cannot be reached. This is ${title}.
    </p>`;
  }

  #none() {
    return server.isKnown ? html`<no-camera></no-camera>` : nothing;
  }

  /** No stage of this server moves a camera of another. */
  #steered(): Stream | undefined {
    const shown = this.#shown();
    return shown && server.things.has(shown.thing) ? shown : undefined;
  }

  #shown(): Stream | undefined {
    const wanted = address.get("camera");
    return server.streams.find(({ path }) => path === wanted) ?? server.cameras[0];
  }
}
