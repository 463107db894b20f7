import { css, html, LitElement } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { PictureReport } from "../frames/messages.ts";
import { showPictures } from "../frames/pictures.ts";

/** A stream's live picture, with what is known of it. */
@customElement("camera-view")
export class CameraView extends LitElement {
  static override styles = css`
    :host { display: grid; }
    canvas { width: 100%; }
  `;

  /** URL of the stream, e.g. `camera/live`. */
  @property() accessor src = "";
  @state() accessor report: PictureReport | undefined;
  @state() accessor status = "";
  @query("canvas") accessor canvas!: HTMLCanvasElement;
  #shown: { end(): void } | undefined;

  override firstUpdated(): void {
    const url = new URL(this.src, document.baseURI);
    const [stream, thing] = url.pathname.split("/").map(decodeURIComponent).reverse();
    const socket = new URL("../frames", url);
    socket.protocol = socket.protocol.replace("http", "ws");
    this.#shown = showPictures(
      this.canvas,
      { socket: socket.href, stream: `${thing}/${stream}` },
      {
        onPicture: (report) => {
          this.report = report;
        },
        onStatus: ({ state, reason }) => {
          this.status = reason ?? state;
        },
      },
    );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#shown?.end();
  }

  override render() {
    const { index, rate = 0, width, height } = this.report ?? {};
    return html`<canvas></canvas><p>${this.status} ${index} ${rate.toFixed(1)} fps ${width} × ${height}</p>`;
  }
}
