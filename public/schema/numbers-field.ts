import { css, html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { shared } from "../style/shared.ts";
import { quietly } from "./field-element.ts";
import { fieldStyle } from "./field-style.ts";
import { soundSchema } from "./sound-schema.ts";
import { TypedField } from "./typed-field.ts";
import { type Read, readNumbers } from "./typed-text.ts";
import { numberText, unitText } from "./units.ts";
import "./value-plot.ts";

/** A longer list is drawn: nobody reads so many numbers in a line. */
const MOST_WRITTEN = 1000;

/** A list of numbers in one line: `0.5, 1, 2`. */
@customElement("numbers-field")
export class NumbersField extends TypedField {
  static override styles = [
    shared,
    fieldStyle,
    css`
      .row {
        flex-wrap: nowrap;
      }
    `,
  ];
  /** Whether a list is written out that is too long to be read. */
  @state() accessor #isWritten = false;

  override render() {
    const numbers = Array.isArray(this.value) ? this.value : [];
    const { unit } = soundSchema(this.schema.items, this.root);
    if (numbers.length > MOST_WRITTEN && !this.#isWritten) return this.#curve(numbers, unit);
    return html`<div class="row">
      <input
        class="number"
        type="text"
        autocomplete="off"
        spellcheck="false"
        placeholder="1, 2, 3"
        .value=${live(this.draft ?? numbers.map(textOf).join(", "))}
        aria-label=${this.label || nothing}
        aria-invalid=${this.fault ? "true" : nothing}
        ?disabled=${this.disabled}
        @input=${this.type}
        @change=${quietly}
        @blur=${this.finish}
        @keydown=${this.press}
      />
      ${unit && html`<span class="unit">${unitText(unit)}</span>`}
    </div>`;
  }

  #curve(numbers: readonly unknown[], unit: string | undefined) {
    return html`<value-plot .y=${numbers} .yLabel=${unit ?? ""}></value-plot>
      <button type="button" ?disabled=${this.disabled} @click=${() => (this.#isWritten = true)}>
        Edit ${numbers.length} numbers
      </button>`;
  }

  protected override read(text: string): Read {
    return readNumbers(text);
  }
}

function textOf(item: unknown): string {
  return typeof item === "number" ? numberText(item) : String(item);
}
