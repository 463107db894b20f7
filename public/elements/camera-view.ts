import { html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import { wantedWidth } from "../frames/wanted.ts";
import { Zoom } from "../frames/zoom.ts";
import { shared } from "../style/shared.ts";
import { styled } from "../style/styled.ts";
import { describe, facts } from "./camera/facts.ts";
import { Gestures } from "./camera/gestures.ts";
import { iconButton } from "./camera/icons.ts";
import { LivePicture } from "./camera/live-picture.ts";
import { overlays, placeOf, scaleBar } from "./camera/overlays.ts";
import type { PictureState } from "./camera/picture-state.ts";
import { downloadPicture } from "./camera/save-picture.ts";
import { fullPicture, streamName, tryAgain } from "./camera/stream-address.ts";
import { cameraStyle } from "./camera/style.ts";
import "./picture-measures.ts";

const NO_STREAM: PictureState = { state: "idle", word: "No stream" };

/**
 * A stream's live picture: what is known of it, why there is none, zoom to single pixels, and tools. It dispatches `picture-click`
 * and `picture-drag` (with Shift), in pixels of the camera's picture.
 */
@customElement("camera-view")
export class CameraView extends LitElement {
  static override styles = [shared, cameraStyle];

  /** URL of the stream, e.g. `camera/live`: of this server, of another, or of any MJPEG stream. */
  @property() accessor src = "";
  /** What it is called; else by its Thing and stream. */
  @property() accessor name = "";
  /** Micrometres for each pixel of the camera's picture: with it there is a scale bar. */
  @property({ type: Number, attribute: "pixel-size" }) accessor pixelSize: number | undefined;
  /** Most frames a second. */
  @property({ type: Number }) accessor fps: number | undefined;
  /** One of many: without tools and zoom. */
  @property({ type: Boolean, reflect: true }) accessor compact = false;
  @state() accessor hasGrid = false;
  @state() accessor hasCrosshair = false;
  @state() accessor hasMeasures = false;
  @state() accessor problem = "";
  @query("canvas.picture") accessor canvas!: HTMLCanvasElement;
  @query(".stage") accessor stage!: HTMLElement;
  readonly zoom = new Zoom();
  readonly live = new LivePicture(this);
  readonly #gestures = new Gestures(this);
  /** Size of the stage: it is told, since whoever asks for it has the page laid out, for each tile of a wall anew. */
  #box = { width: 0, height: 0 };
  readonly #resized = new ResizeObserver(([entry]) => {
    if (entry) this.#box = entry.contentRect;
    this.requestUpdate();
  });
  /** A canvas shows one stream: another gets another canvas. */
  #canvases = 0;
  #shown: HTMLCanvasElement | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#canvases += 1;
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("src")) this.#canvases += 1;
    this.#fit();
  }

  override updated(changed: PropertyValues<this>): void {
    if (this.canvas !== this.#shown) {
      this.#shown = this.canvas;
      this.#resized.disconnect();
      this.#resized.observe(this.stage);
      if (this.src && this.isConnected) this.live.show(this.canvas, this.src);
      else this.live.end();
      this.live.measure(this.hasMeasures);
    }
    if (changed.has("hasMeasures")) this.live.measure(this.hasMeasures);
    const { width } = this.zoom.picture;
    const shown = width > 0 ? width * this.zoom.scale : this.#box.width;
    if (shown > 0) {
      const wanted = wantedWidth(shown * devicePixelRatio, width || undefined);
      // A smaller picture hides what is out of focus, and single pixels that are too bright.
      this.live.want({ width: this.hasMeasures ? undefined : wanted, fps: this.fps });
    }
  }

  override render() {
    const { live, zoom, compact } = this;
    const { report } = live;
    const state = this.src ? live.state : NO_STREAM;
    const name = this.name || (this.src ? streamName(this.src) : "Picture");
    const isOld = state.banner !== undefined && !live.isFrozen;
    const { fullWidth = 4, fullHeight = 3, width = 4 } = report ?? {};
    const hasPixels = zoom.scale * devicePixelRatio * (fullWidth / width) > 2;
    const classes = `view ${isOld ? "old" : ""} ${hasPixels ? "pixels" : ""} ${zoom.isZoomed ? "zoomed" : ""}`;
    return html`
      <div class="stage" ${styled({ "aspect-ratio": `${fullWidth} / ${fullHeight}` })}>
        <div
          class=${classes}
          role="img"
          aria-label=${describe(name, state, report)}
          tabindex=${compact ? nothing : "0"}
          @wheel=${compact ? undefined : this.#gestures.wheel}
          @pointerdown=${compact ? undefined : this.#gestures.down}
          @pointermove=${this.#gestures.move}
          @pointerup=${this.#gestures.up}
          @pointercancel=${this.#gestures.up}
          @keydown=${compact ? undefined : this.#key}
        >
          ${keyed(this.#canvases, html`<canvas class="picture" width="4" height="3" ${styled(placeOf(zoom))}></canvas>`)}
          ${overlays(zoom, this.hasGrid, this.hasCrosshair)}
        </div>
        ${scaleBar(zoom, this.pixelSize)}
        ${live.isFrozen ? html`<span class="frozen">FROZEN</span>` : nothing}
        ${isOld ? this.#banner() : nothing}
      </div>
      ${this.hasMeasures ? html`<picture-measures .measures=${report?.measures}></picture-measures>` : nothing}
      <div class="below" data-state=${live.isFrozen ? "frozen" : state.state}>
        <div class="facts">
          ${compact ? html`<span class="name">${name}</span>` : nothing}
          ${facts(live.isFrozen ? { state: "frozen", word: "Frozen" } : state, report, compact)}
          ${this.problem ? html`<span class="problem" role="alert">${this.problem}</span>` : nothing}
        </div>
        ${compact ? nothing : this.#tools()}
      </div>
    `;
  }

  /** Downloads the picture that is shown, in the size in which the camera gave it, if the server still has that. */
  async save(): Promise<void> {
    const saved = await this.live.save();
    this.problem = saved ? "" : "There is no picture to save yet.";
    if (saved) downloadPicture(await fullPicture(saved, this.src), this.src);
  }

  #banner() {
    const { banner, why, mayRetry } = this.live.state;
    return html`
      <div class="banner">
        <strong aria-hidden="true">${banner}</strong>
        <p role="status">${why}</p>
        ${mayRetry ? html`<button type="button" class="retry" @click=${this.#retry}>Retry</button>` : nothing}
      </div>
    `;
  }

  #tools() {
    const { zoom, live } = this;
    const gestures = this.#gestures;
    return html`
      <div class="tools" role="toolbar" aria-label="Picture">
        ${iconButton("out", "Zoom out (−)", () => gestures.zoomOut())}
        ${iconButton("in", "Zoom in (+)", () => gestures.zoomIn())}
        ${iconButton("fit", "Whole picture (0)", () => gestures.fit(), !zoom.isZoomed)}
        ${iconButton("grid", "Grid (G)", () => this.#toggleGrid(), this.hasGrid)}
        ${iconButton("crosshair", "Crosshair (C)", () => this.#toggleCrosshair(), this.hasCrosshair)}
        ${iconButton("measures", "Histogram and focus (H)", () => this.#toggleMeasures(), this.hasMeasures)}
        ${iconButton(live.isFrozen ? "thaw" : "freeze", "Freeze (Space)", () => this.#toggleFrozen(), live.isFrozen)}
        ${iconButton("save", "Save this picture (S)", () => void this.save())}
        ${iconButton("full", "Full screen (F)", () => this.#toggleFull())}
      </div>
    `;
  }

  readonly #key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const keys: Readonly<Record<string, () => void>> = {
      g: () => this.#toggleGrid(),
      c: () => this.#toggleCrosshair(),
      h: () => this.#toggleMeasures(),
      s: () => void this.save(),
      f: () => this.#toggleFull(),
      " ": () => this.#toggleFrozen(),
    };
    const act = keys[event.key.toLowerCase()];
    act?.();
    if (!act && !this.#gestures.key(event)) return;
    event.preventDefault();
    event.stopPropagation(); // a key that moves the picture does not move the stage
  };

  readonly #retry = (): void => {
    this.live.retry();
    void tryAgain(this.src);
  };

  #toggleGrid(): void {
    this.hasGrid = !this.hasGrid;
  }

  #toggleCrosshair(): void {
    this.hasCrosshair = !this.hasCrosshair;
  }

  #toggleMeasures(): void {
    this.hasMeasures = !this.hasMeasures;
  }

  #toggleFrozen(): void {
    this.live.isFrozen = !this.live.isFrozen;
  }

  #toggleFull(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void this.requestFullscreen().catch(() => {});
  }

  #fit(): void {
    const { fullWidth = 0, fullHeight = 0 } = this.live.report ?? {};
    this.zoom.fitInto(this.#box, { width: fullWidth, height: fullHeight });
  }
}
