import { html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { shared } from "../style/shared.ts";
import { Underway } from "../style/underway.ts";
import { whyNotOperate } from "../things/account.ts";
import { Following, type LiveThing } from "../things/live-thing.ts";
import "./jog-pad.ts";
import { Mappings } from "./mappings.ts";
import { panelStyle } from "./panel-style.ts";
import { type Axis, type StageControl, type Steps, stageControl } from "./stage-control.ts";
import { moveByKey } from "./steering.ts";
import { type StepKind, setStep, stepOf } from "./step-memory.ts";
import { directionsOf, micrometres, stepsIn } from "./steps.ts";

/** A stage: jog buttons, where it is, go to, zero, Stop. It works with any Thing of `@type` Stage that has LabThings' names. */
@customElement("stage-panel")
export class StagePanel extends LitElement {
  static override styles = [shared, panelStyle];

  @property({ attribute: false }) accessor thing!: LiveThing;
  readonly #following = new Following(this);
  readonly #mappings = new Mappings(this);
  readonly #zeroing = new Underway(this);
  #control: StageControl | undefined;
  readonly #update = () => this.requestUpdate();

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener("keydown", this.#key);
    this.#control?.addEventListener("change", this.#update);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.removeEventListener("keydown", this.#key);
    this.#control?.removeEventListener("change", this.#update);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    this.#following.thing = this.thing;
    if (!changed.has("thing")) return;
    this.#control?.removeEventListener("change", this.#update);
    this.#control = stageControl(this.thing);
    this.#control.addEventListener("change", this.#update);
  }

  override render() {
    const control = this.#control;
    if (!control) return nothing;
    return html`
      <div class="row top">
        <jog-pad
          tabindex="-1"
          .control=${control}
          .directions=${directionsOf(this.#matrix)}
        ></jog-pad>
        <div class="grow">
          <p class="state" data-state=${control.isMoving ? "starting" : "live"} role="status">
            <span class="lamp"></span>${control.isMoving ? "Moving" : "Not moving"}
          </p>
          <div class="fields">
            ${this.#stepField("xy", "Step x, y", control)}
            ${control.axes.includes("z") ? this.#stepField("z", "Step z", control) : nothing}
          </div>
        </div>
      </div>
      <form @submit=${this.#goTo}>
        <table>
          <tbody>
            ${control.axes.map((axis) => this.#axisRow(axis, control))}
          </tbody>
        </table>
        <div class="row end">
          ${
            control.has("set_zero_position")
              ? html`<button
                  type="button"
                  title="Count from here, without moving"
                  ?disabled=${whyNotOperate() !== undefined}
                  aria-disabled=${this.#zeroing.has() || nothing}
                  @click=${() => this.#zeroing.run(() => control.invoke("set_zero_position", {}))}
                >Zero here</button>`
              : nothing
          }
          <button ?disabled=${whyNotOperate() !== undefined || !control.has("move_absolute")}>Go to</button>
        </div>
      </form>
      <p class="problem" role="alert">${control.problem}</p>
    `;
  }

  #axisRow(axis: Axis, control: StageControl) {
    const known = control.position?.[axis];
    const steps = Number.isFinite(known) ? known : undefined;
    const length = steps === undefined ? "" : micrometres(steps, control.stepSize(axis));
    return html`<tr>
      <th scope="row">${axis}</th>
      <td class="number" data-axis=${axis}>${steps ?? "–"}</td>
      <td class="number quiet">${length}</td>
      <td>
        <input
          name=${axis}
          inputmode="numeric"
          autocomplete="off"
          placeholder=${length ? "steps, µm" : "steps"}
          aria-label="Go to ${axis}, steps"
        />
      </td>
    </tr>`;
  }

  #stepField(kind: StepKind, label: string, control: StageControl) {
    const step = stepOf(kind);
    const stepSize = control.stepSize(kind === "z" ? "z" : "x");
    const size = micrometres(step, stepSize);
    const changed = (event: Event) => {
      const text = (event.target as HTMLInputElement).value.trim();
      const typed = stepsIn(text, stepSize);
      if (typed !== undefined) setStep(kind, typed);
      const problem = `'${text}' is no step: enter steps, or a length such as 2.5 µm.`;
      control.tell(typed === undefined ? problem : "");
      this.requestUpdate();
    };
    const scale = (factor: number) => () => {
      setStep(kind, step * factor);
      this.requestUpdate();
    };
    return html`<div class="step">
      <label for=${kind}>${label}</label>
      <button type="button" aria-label="÷10, ${label}" @click=${scale(0.1)}>÷10</button>
      <input id=${kind} inputmode="numeric" .value=${live(String(step))} @change=${changed} />
      <button type="button" aria-label="×10, ${label}" @click=${scale(10)}>×10</button>
      <span class="number quiet">${size}</span>
    </div>`;
  }

  readonly #goTo = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const target: Steps = {};
    for (const axis of this.#control?.axes ?? []) {
      const input = form.elements.namedItem(axis) as HTMLInputElement;
      const steps = stepsIn(input.value, this.#control?.stepSize(axis));
      if (steps !== undefined) target[axis] = steps;
      else if (input.value.trim() !== "") {
        this.#control?.tell(
          `'${input.value.trim()}' is no place on ${axis}: enter steps, or a length such as 50 µm.`,
        );
        return;
      }
    }
    if (Object.keys(target).length === 0) return;
    form.reset();
    void this.#control?.goTo(target);
  };

  readonly #key = (event: KeyboardEvent): void => {
    const [target] = event.composedPath();
    if (target instanceof HTMLInputElement || !this.#control) return;
    moveByKey(event, this.#control, this.#matrix);
  };

  get #matrix(): unknown {
    const { thing } = this;
    return this.#mappings.of(({ stage, thing: mapping }) => {
      const url = new URL(`../${encodeURIComponent(stage)}/`, mapping.url).href;
      return stage !== "" && url === thing.url;
    })?.matrix;
  }
}
