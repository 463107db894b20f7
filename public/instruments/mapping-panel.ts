import { html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { KeptKeyboard } from "../style/kept-keyboard.ts";
import { distance } from "../style/quantities.ts";
import { shared } from "../style/shared.ts";
import { whyNotOperate } from "../things/account.ts";
import { FollowingRun, failureOf } from "../things/following-run.ts";
import { Following, type LiveThing } from "../things/live-thing.ts";
import { panelStyle } from "./panel-style.ts";

const CLICKED =
  "Click in the picture to bring a place to its centre; drag with Shift to move the sample.";
const TOUCHED = "Tap a place in the picture to bring it to its centre."; // a screen has no Shift key

/** How camera and stage belong together: what a pixel is, and Calibrate. */
@customElement("mapping-panel")
export class MappingPanel extends LitElement {
  static override styles = [shared, panelStyle];

  @property({ attribute: false }) accessor thing!: LiveThing;
  readonly keptKeyboard = new KeptKeyboard(this);
  readonly #following = new Following(this);
  readonly #calibration = new FollowingRun(this, "calibrate_xy");

  override willUpdate(): void {
    this.#following.thing = this.thing;
    this.#calibration.thing = this.thing;
  }

  override render() {
    const size = this.thing.values.get("pixel_size_um")?.value;
    const isCalibrated = typeof size === "number" && size > 0;
    const { running, newest } = this.#calibration;
    const text = isCalibrated
      ? `A pixel is ${distance(size)}. ${matchMedia("(pointer: coarse)").matches ? TOUCHED : CLICKED}`
      : "Not calibrated. Focus on a sample, then calibrate: it moves the stage a little, and comes back.";
    return html`
      <p class="quiet">${text}</p>
      <div class="row">
        <button
          data-place="calibrate"
          class=${isCalibrated ? "" : "first"}
          ?disabled=${whyNotOperate() !== undefined}
          aria-disabled=${running !== undefined || nothing}
          @click=${() => this.#calibration.start({})}
        >${isCalibrated ? "Calibrate again" : "Calibrate"}</button>
        ${running ? html`<button data-place="calibrate" ?disabled=${whyNotOperate() !== undefined} aria-disabled=${running.isCancelling || nothing} @click=${() => this.#calibration.cancel()}>Cancel</button>` : nothing}
      </div>
      ${running ? html`<progress aria-label="Calibrating" max="1" .value=${running.progress?.fraction ?? 0}></progress>` : nothing}
      <p class="problem" role="alert">${failureOf(newest)}</p>
    `;
  }
}
