import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import "../schema/schema-input.ts";
import { firstFault } from "../schema/faults.ts";
import { initialOf, isForNothing } from "../schema/initial-value.ts";
import type { SchemaInput } from "../schema/schema-input.ts";
import { soundSchema } from "../schema/sound-schema.ts";
import { shared } from "../style/shared.ts";
import { whyNotOperate } from "../things/account.ts";
import { descriptionIn } from "../things/languages.ts";
import { Following, type LiveThing } from "../things/live-thing.ts";
import type { Run } from "../things/run.ts";
import { FollowingRuns } from "../things/runs.ts";
import { affordancesOf, type JsonObject, type Schema, titleOf } from "../things/td.ts";
import { uriVariablesOf } from "../things/uri-variables.ts";
import { hintOf } from "./danger.ts";
import "./invocation-history.ts";
import "./invocation-view.ts";
import { refusalsOf } from "./refusals.ts";

/** How long the second click on something dangerous is waited for, ms. */
const ARMED_MS = 4000;
/** So many fields are shown at once. */
const MOST_UNFOLDED = 3;

/** One action: fields for its input, the button that begins it, what runs, and what became of it before. */
@customElement("action-form")
export class ActionForm extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: 8px;
        min-width: 0;
      }
      form {
        display: grid;
        gap: 8px;
      }
      form.short {
        display: flex;
        align-items: center;
        gap: 12px;
      }
      .about {
        flex: 1;
        min-width: 0;
        color: var(--quiet);
        font-size: 12px;
        overflow-wrap: anywhere;
      }
      button[type="submit"] {
        justify-self: start;
        max-width: 100%;
        overflow-wrap: anywhere;
        white-space: normal;
        text-align: left;
      }
      .short button[type="submit"] {
        max-width: 60%;
      }
      button.danger,
      button.stop {
        border-color: var(--lost);
        color: var(--lost);
      }
      button.armed {
        background: var(--lost);
        color: var(--ground);
      }
      invocation-view {
        padding: 8px 10px;
        border: 1px solid var(--line);
        border-radius: var(--radius);
      }
    `,
  ];

  @property({ attribute: false }) accessor thing!: LiveThing;
  @property() accessor name = "";
  /** Whether something around it tells why it cannot be used by those who may not. */
  @property({ type: Boolean }) accessor explained = false;
  @state() accessor #isArmed = false;
  /** The one that was begun here last. */
  @state() accessor #last: Run | undefined;
  @query(".input") accessor inputField!: SchemaInput | null;
  @query(".variables") accessor variableFields!: SchemaInput | null;
  readonly #following = new Following(this);
  readonly #runs = new FollowingRuns(this);
  #disarming: ReturnType<typeof setTimeout> | undefined;

  override willUpdate(): void {
    this.#following.thing = this.thing;
    this.#runs.thing = this.thing;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#disarm();
  }

  override render() {
    const action = this.#action;
    const refused = this.#last?.status === "refused" ? this.#last : undefined;
    const runs = this.#runs.runs?.of(this.name).filter(({ status }) => status !== "refused") ?? [];
    const shown = runs.filter((run, n) => !run.isOver || (n === 0 && run === this.#last));
    const others = runs.filter((run) => !shown.includes(run));
    const output = schemaIn(action.output);
    return html`
      ${this.#form(action, refused)}
      ${repeat(
        shown,
        (run) => run,
        (run) => html`<invocation-view .invocation=${run} .schema=${output}></invocation-view>`,
      )}
      ${
        others.length > 0
          ? html`<invocation-history .runs=${others} .isCut=${this.#runs.runs?.isCut ?? false} .schema=${output}></invocation-history>`
          : nothing
      }
    `;
  }

  get #action(): JsonObject {
    return affordancesOf(this.thing.td).actions.get(this.name) ?? {};
  }

  #form(action: JsonObject, refused: Run | undefined) {
    const input = isForNothing(action.input) ? undefined : action.input;
    const description = descriptionIn(action);
    const uriVariables = uriVariablesOf(action, "invokeaction");
    const title = titleOf(this.name, action);
    const hasFields = input !== undefined || uriVariables !== undefined;
    const { fields, sentence } = refusalsOf(refused, input);
    const forbidden = whyNotOperate();
    return html`
      <form class=${hasFields ? "" : "short"} aria-label=${title} novalidate @submit=${this.#submit}>
        ${description !== undefined && hasFields ? html`<p class="about">${description}</p>` : nothing}
        ${
          uriVariables === undefined
            ? nothing
            : html`<schema-input class="variables" .label=${title} .schema=${uriVariables}></schema-input>`
        }
        ${
          input === undefined
            ? nothing
            : this.#folded(
                input,
                html`<schema-input class="input" .label=${title} .schema=${input} .refusals=${fields}></schema-input>`,
              )
        }
        ${this.#button(title, action)}
        ${description !== undefined && !hasFields ? html`<span class="about">${description}</span>` : nothing}
      </form>
      ${forbidden && !this.explained ? html`<p class="quiet">${forbidden}</p>` : nothing}
      ${sentence ? html`<p class="problem" role="alert">${sentence}</p>` : nothing}
    `;
  }

  /** Many fields that need nobody to fill them in stay out of the way: one click is enough. */
  #folded(input: unknown, fields: TemplateResult) {
    const { properties = {} } = soundSchema(input, input);
    const count = Object.keys(properties).length;
    if (count <= MOST_UNFOLDED || firstFault(input, initialOf(input)) !== undefined) return fields;
    return html`<details>
      <summary class="quiet">${count} options</summary>
      ${fields}
    </details>`;
  }

  #button(title: string, action: JsonObject) {
    const hint = hintOf(this.name, action);
    const isArmed = hint === "danger" && this.#isArmed;
    return html`<button
      type="submit"
      title=${whyNotOperate() ?? nothing}
      ?disabled=${whyNotOperate() !== undefined}
      class="${hint} ${isArmed ? "armed" : ""}"
      @blur=${this.#disarm}
      @keydown=${this.#key}
    >
      ${isArmed ? `${title}: click again` : title}
    </button>`;
  }

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    const fields = [this.variableFields, this.inputField].filter((it) => it !== null);
    if (fields.map((field) => field.check()).includes(false)) return;
    if (hintOf(this.name, this.#action) === "danger" && !this.#isArmed) {
      this.#isArmed = true;
      this.#disarming = setTimeout(this.#disarm, ARMED_MS);
      return;
    }
    this.#disarm();
    const variables = this.variableFields?.value;
    const { input } = this.#action;
    const initial = input === undefined ? undefined : initialOf(input);
    const value = this.inputField ? this.inputField.value : initial;
    this.#last = this.#runs.runs?.start(this.name, value, Object(variables ?? {}));
  };

  /** Escape takes the question back, and nothing else. */
  readonly #key = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !this.#isArmed) return;
    event.preventDefault();
    this.#disarm();
  };

  readonly #disarm = (): void => {
    clearTimeout(this.#disarming);
    this.#isArmed = false;
  };
}

function schemaIn(value: unknown): Schema | undefined {
  return typeof value === "object" && value !== null ? { ...value } : undefined;
}

declare global {
  interface HTMLElementTagNameMap {
    "action-form": ActionForm;
  }
}
