import { html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { distance } from "../style/quantities.ts";
import { shared } from "../style/shared.ts";
import { whyNotOperate } from "../things/account.ts";
import { Following, type LiveThing } from "../things/live-thing.ts";
import { panelStyle } from "./panel-style.ts";

/** How camera and stage belong together: what a pixel is, and Calibrate. */
@customElement("mapping-panel")
export class MappingPanel extends LitElement {
  static override styles = [shared, panelStyle];

  @property({ attribute: false }) accessor thing!: LiveThing;
  @state() accessor progress: number | undefined;
  @state() accessor problem = "";
  readonly #following = new Following(this);
  #running: AbortController | undefined;

  override willUpdate(): void {
    this.#following.thing = this.thing;
  }

  override render() {
    const size = this.thing.values.get("pixel_size_um")?.value;
    const isCalibrated = typeof size === "number" && size > 0;
    const isRunning = this.progress !== undefined;
    const text = isCalibrated
      ? `A pixel is ${distance(size)}. Click in the picture to bring a place to its centre; drag with Shift to move the sample.`
      : "Not calibrated. Focus on a sample, then calibrate: it moves the stage a little, and comes back.";
    return html`
      <p class="quiet">${text}</p>
      <div class="row">
        <button
          class=${isCalibrated ? "" : "first"}
          ?disabled=${isRunning || whyNotOperate() !== undefined}
          @click=${this.#calibrate}
        >${isCalibrated ? "Calibrate again" : "Calibrate"}</button>
        ${isRunning ? html`<button @click=${() => this.#running?.abort()}>Cancel</button>` : nothing}
      </div>
      ${isRunning ? html`<progress aria-label="Calibrating" max="1" .value=${this.progress ?? 0}></progress>` : nothing}
      <p class="problem" role="alert">${this.problem}</p>
    `;
  }

  readonly #calibrate = async (): Promise<void> => {
    this.problem = "";
    this.progress = 0;
    this.#running = new AbortController();
    const { signal } = this.#running;
    const onProgress = (fraction: number) => {
      this.progress = fraction;
    };
    try {
      await this.thing.client?.actions.calibrate_xy?.({}, { signal, onProgress });
    } catch (error) {
      if (!signal.aborted) this.problem = String(Object(error).message);
    }
    this.progress = undefined;
  };
}
