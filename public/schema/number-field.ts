import { css, html, nothing, type PropertyValues } from "lit";
import { customElement, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { shared } from "../style/shared.ts";
import { quietly } from "./field-element.ts";
import { fieldStyle } from "./field-style.ts";
import { arrowStep, limitsOf, nearest, type Scale, scaleOf } from "./number-scale.ts";
import { TypedField } from "./typed-field.ts";
import { type Read, readNumber } from "./typed-text.ts";
import { numberText, unitText, withUnit } from "./units.ts";

/** A number: typed, or, between two limits, set with a slider. */
@customElement("number-field")
export class NumberField extends TypedField {
  static override styles = [
    shared,
    fieldStyle,
    css`
      :host {
        container-type: inline-size;
      }
      .row {
        flex-wrap: nowrap;
      }
      input[type="range"] {
        flex: 1 1 80px;
        margin: 0;
      }
      input.number {
        flex: 0 1 96px;
        text-align: right;
      }
      @container (max-width: 150px) {
        .unit {
          min-width: 0;
        }
        input[type="range"] {
          display: none;
        }
        input.number {
          flex: 1;
        }
      }
    `,
  ];

  /** While a slider is held, it stays where the hand has it, whatever others set. */
  @state() accessor #held:
    | { readonly value: number | undefined; readonly isMoved: boolean }
    | undefined;

  override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (this.disabled) this.#held = undefined; // nobody is told that it is let go
  }

  override render() {
    const scale = scaleOf(this.schema);
    return html`
      <div class="row">${scale && this.#slider(scale)} ${this.#typed()} ${this.#unit()}</div>
    `;
  }

  #slider(scale: Scale) {
    const value = this.#number ?? this.#default;
    const position = value === undefined ? 0 : scale.positionOf(value);
    const slide = (event: Event) => {
      event.stopPropagation();
      this.draft = undefined;
      this.fault = undefined;
      const moved = scale.numberAt(Number((event.target as HTMLInputElement).value));
      if (this.#held) this.#held = { value: moved, isMoved: true };
      this.put(moved);
    };
    return html`<input
      type="range"
      min="0"
      max=${scale.positions}
      .value=${live(String(position))}
      aria-label=${this.label || nothing}
      aria-valuetext=${value === undefined ? "not set" : withUnit(value, this.schema.unit)}
      ?disabled=${this.disabled}
      @pointerdown=${this.#hold}
      @pointerup=${this.#letGo}
      @pointercancel=${this.#letGo}
      @blur=${this.#letGo}
      @input=${slide}
      @change=${quietly}
    />`;
  }

  #typed() {
    const [low, high] = limitsOf(this.schema);
    const shown = this.draft ?? (this.#number === undefined ? "" : numberText(this.#number));
    return html`<input
      class="number"
      type="text"
      role="spinbutton"
      inputmode="decimal"
      autocomplete="off"
      .value=${live(shown)}
      placeholder=${this.#default === undefined ? nothing : numberText(this.#default)}
      aria-label=${this.label || nothing}
      aria-valuenow=${this.#number ?? nothing}
      aria-valuemin=${low ?? nothing}
      aria-valuemax=${high ?? nothing}
      aria-invalid=${this.fault ? "true" : nothing}
      ?disabled=${this.disabled}
      @input=${this.type}
      @change=${quietly}
      @blur=${this.finish}
      @keydown=${this.#press}
    />`;
  }

  #unit() {
    const unit = unitText(this.schema.unit);
    return html`<span class="unit">${unit}</span>`;
  }

  readonly #hold = (): void => {
    this.#held = { value: this.#number, isMoved: false };
  };

  /** What it was left at counts, also where somebody else has set another value meanwhile. */
  readonly #letGo = (): void => {
    const held = this.#held;
    this.#held = undefined;
    if (held?.isMoved) this.put(held.value);
  };

  get #number(): number | undefined {
    if (this.#held) return this.#held.value;
    return typeof this.value === "number" ? this.value : undefined;
  }

  get #default(): number | undefined {
    const { default: usual } = this.schema;
    return typeof usual === "number" ? usual : undefined;
  }

  protected override read(text: string): Read {
    return readNumber(text);
  }

  #press(event: KeyboardEvent): void {
    const steps = new Map([
      ["ArrowUp", 1],
      ["ArrowDown", -1],
      ["PageUp", 10],
      ["PageDown", -10],
    ]).get(event.key);
    this.press(event);
    if (steps === undefined || this.disabled) return;
    event.preventDefault();
    this.draft = undefined;
    const [low] = limitsOf(this.schema);
    const from = this.#number ?? this.#default ?? low ?? 0;
    this.fault = undefined;
    this.put(nearest(this.schema, from + steps * arrowStep(this.schema)));
  }
}
