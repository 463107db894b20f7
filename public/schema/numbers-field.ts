import { css, html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { shared } from "../style/shared.ts";
import { FieldElement, quietly } from "./field-element.ts";
import { fieldStyle } from "./field-style.ts";
import { soundSchema } from "./sound-schema.ts";
import { readNumbers } from "./typed-text.ts";
import { numberText, unitText } from "./units.ts";

/** A list of numbers in one line: `0.5, 1, 2`. */
@customElement("numbers-field")
export class NumbersField extends FieldElement {
  static override styles = [
    shared,
    fieldStyle,
    css`
      .row {
        flex-wrap: nowrap;
      }
    `,
  ];
  /** What is being typed. */
  @state() accessor #draft: string | undefined;

  override render() {
    const numbers = Array.isArray(this.value) ? this.value : [];
    const written = numbers.map((n) => (typeof n === "number" ? numberText(n) : String(n)));
    const { unit } = soundSchema(this.schema.items, this.root);
    return html`<div class="row">
      <input
        class="number"
        type="text"
        autocomplete="off"
        spellcheck="false"
        placeholder="1, 2, 3"
        .value=${live(this.#draft ?? written.join(", "))}
        aria-label=${this.label || nothing}
        aria-invalid=${this.fault ? "true" : nothing}
        ?disabled=${this.disabled}
        @input=${this.#type}
        @change=${quietly}
        @blur=${this.#finish}
        @keydown=${this.#press}
      />
      ${unit && html`<span class="unit">${unitText(unit)}</span>`}
    </div>`;
  }

  #type(event: Event): void {
    event.stopPropagation();
    this.#draft = (event.target as HTMLInputElement).value;
    const read = readNumbers(this.#draft);
    this.fault = "fault" in read ? read.fault : undefined;
    this.put("value" in read ? read.value : this.value, false);
  }

  #finish(): void {
    if (this.#draft === undefined) return;
    const read = readNumbers(this.#draft);
    if ("fault" in read) return;
    this.#draft = undefined;
    this.put(read.value);
  }

  #press(event: KeyboardEvent): void {
    if (event.key === "Enter") this.#finish();
    if (event.key !== "Escape" || this.#draft === undefined) return;
    event.stopPropagation();
    this.#draft = undefined;
    this.giveUp();
  }
}
