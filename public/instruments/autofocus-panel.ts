import { html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { KeptKeyboard } from "../style/kept-keyboard.ts";
import { shared } from "../style/shared.ts";
import { whyNotOperate } from "../things/account.ts";
import { FollowingRun, failureOf } from "../things/following-run.ts";
import { Following, type LiveThing } from "../things/live-thing.ts";
import { affordancesOf, type Schema } from "../things/td.ts";
import { focusedText } from "./focus.ts";
import type { FocusCurve } from "./focus-plot.ts";
import "./focus-plot.ts";
import { panelStyle } from "./panel-style.ts";
import { stepsIn } from "./steps.ts";

/** Autofocus: one button, its curve as it is measured with the peak, and those of the runs before. */
@customElement("autofocus-panel")
export class AutofocusPanel extends LitElement {
  static override styles = [shared, panelStyle];

  @property({ attribute: false }) accessor thing!: LiveThing;
  @state() accessor range: number | undefined;
  @state() accessor measure: string | undefined;
  readonly keptKeyboard = new KeptKeyboard(this);
  readonly #following = new Following(this);
  readonly #focusing = new FollowingRun(this, "fast_autofocus");
  /** Those that this page has seen, and those that the Thing told when it was loaded; oldest first. */
  #seen: FocusCurve[] = [];

  override willUpdate(): void {
    this.#following.thing = this.thing;
    this.#focusing.thing = this.thing;
    const curve = curveOf(this.thing.values.get("curve")?.value);
    const told = this.thing.values.get("last_curves")?.value;
    const all = [...(Array.isArray(told) ? told : []).map(curveOf), ...this.#seen, curve];
    const byRun = new Map(all.flatMap((one) => (one && one.run > 0 ? [[one.run, one]] : [])));
    this.#seen = [...byRun.values()].sort((a, b) => a.run - b.run).slice(-5);
  }

  override render() {
    const input = inputOf(this.thing);
    const current = this.#seen.at(-1);
    const before = this.#seen.slice(0, -1).filter(({ measure }) => measure === current?.measure);
    const { running, newest } = this.#focusing;
    const isRunning = running !== undefined || current?.state === "sweeping";
    const said = newest?.status === "completed" ? focusedText(newest) : peakText(current);
    const locked = whyNotOperate() !== undefined;
    return html`
      <div class="row">
        <button
          class="first"
          ?disabled=${locked}
          data-place="focus"
          aria-disabled=${isRunning || nothing}
          @click=${() => isRunning || this.#focus()}
        >Focus</button>
        ${isRunning ? html`<button data-place="focus" ?disabled=${locked} aria-disabled=${running?.isCancelling || nothing} @click=${() => this.#focusing.cancel()}>Cancel</button>` : nothing}
        <span class="quiet" role="status">${isRunning ? "Sweeping" : said}</span>
      </div>
      ${current ? html`<focus-plot .curve=${current} .earlier=${before}></focus-plot>` : nothing}
      <div class="row">${this.#rangeField(input.dz)} ${this.#measureField(input.measure)}</div>
      <p class="problem" role="alert">${failureOf(newest)}</p>
    `;
  }

  #rangeField(schema: Schema | undefined) {
    if (!schema) return nothing;
    const changed = (event: Event) => {
      this.range = stepsIn((event.target as HTMLInputElement).value);
    };
    return html`<label class="field grow">Range, ${schema.unit ?? "steps"}
      <input inputmode="numeric" .value=${String(this.range ?? schema.default ?? 2000)} @change=${changed} />
    </label>`;
  }

  #measureField(schema: Schema | undefined) {
    if (!schema?.enum) return nothing;
    const changed = (event: Event) => {
      this.measure = (event.target as HTMLSelectElement).value;
    };
    return html`<label class="field grow">Measure
      <select @change=${changed}>
        ${schema.enum.map((each) => html`<option value=${String(each)} ?selected=${each === this.measure}>${words(String(each))}</option>`)}
      </select>
    </label>`;
  }

  readonly #focus = (): void => {
    const { range: dz, measure } = this;
    this.#focusing.start({
      ...(dz !== undefined && { dz }),
      ...(measure !== undefined && { measure }),
    });
  };
}

function inputOf(thing: LiveThing): Readonly<Record<string, Schema | undefined>> {
  const { input } = affordancesOf(thing.td).actions.get("fast_autofocus") ?? {};
  return Object(Object(input).properties);
}

function curveOf(value: unknown): FocusCurve | undefined {
  const { run, state, measure, points, peak } = Object(value);
  if (typeof run !== "number" || !Array.isArray(points)) return undefined;
  const known = points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  return {
    ...{ run, state: String(state), measure: String(measure), points: known },
    peak: typeof peak === "number" ? peak : null,
  };
}

function peakText(curve: FocusCurve | undefined): string {
  if (curve?.state === "cancelled") return "The last run was cancelled.";
  if (curve?.state === "failed") return "No focus was found in the last run.";
  return curve?.peak == null ? "" : `Sharpest at z = ${Math.round(curve.peak)}`;
}

/** `laplacianVariance`, as people read it. */
function words(name: string): string {
  const text = name
    .replaceAll("_", " ")
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
  return text.replace("jpeg", "JPEG");
}
