import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import "../elements/camera-view.ts";
import { shared } from "../style/shared.ts";
import { server, Watching } from "../things/server.ts";
import "./thing-lamp.ts";
import { viewLink } from "./view-link.ts";

/** All cameras as small live pictures in a row: one is chosen for the bench. */
@customElement("camera-strip")
export class CameraStrip extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: flex;
        gap: 8px;
        overflow-x: auto;
        padding: 8px 12px;
      }
      a {
        flex: none;
        width: 132px;
        color: var(--text);
        text-decoration: none;
      }
      camera-view {
        display: block;
        height: 74px;
        border: 2px solid transparent;
        border-radius: 6px;
        overflow: hidden;
        background: var(--picture);
        pointer-events: none;
      }
      a[aria-current] camera-view {
        border-color: var(--accent);
      }
      .name {
        display: flex;
        gap: 6px;
        align-items: center;
        font-size: 12px;
        white-space: nowrap;
        overflow: hidden;
      }
      .name span {
        overflow: hidden;
        text-overflow: ellipsis;
      }
    `,
  ];

  /** Path of the stream that is shown. */
  @property() accessor shown = "";
  readonly watching = new Watching(this, server);

  override render() {
    return repeat(
      server.cameras,
      ({ path }) => path,
      ({ path, url, thing, title: name }) => {
        return viewLink(
          { camera: path },
          path === this.shown,
          html`
            <camera-view compact .src=${url} .width=${160} .fps=${5}></camera-view>
            <div class="name"><thing-lamp dot .name=${thing}></thing-lamp><span>${name}</span></div>
          `,
        );
      },
    );
  }
}
