import { html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { shared } from "../style/shared.ts";
import { quietly } from "./field-element.ts";
import { fieldStyle } from "./field-style.ts";
import { TypedField } from "./typed-field.ts";
import { isLong, localTime, type Read, timeFrom } from "./typed-text.ts";

const TYPES: ReadonlyMap<string, string> = new Map([
  ["date-time", "datetime-local"],
  ["date", "date"],
  ["password", "password"],
]);
const KEYBOARDS: ReadonlyMap<string, string> = new Map([
  ["uri", "url"],
  ["uri-reference", "url"],
  ["email", "email"],
  ["ipv4", "decimal"],
]);

/** A text: one line, several, a time, a secret. */
@customElement("text-field")
export class TextField extends TypedField {
  static override styles = [shared, fieldStyle];

  override render() {
    if (this.#kind === "text" && isLong(this.schema, this.value ?? this.draft))
      return this.#lines();
    const { format = "" } = this.schema;
    return html`<input
      type=${this.#kind}
      step=${this.#kind === "datetime-local" ? 1 : nothing}
      inputmode=${KEYBOARDS.get(format) ?? nothing}
      autocomplete=${this.#kind === "password" ? "new-password" : "off"}
      spellcheck="false"
      .value=${live(this.#shown)}
      placeholder=${this.#placeholder}
      aria-label=${this.label || nothing}
      aria-invalid=${this.fault ? "true" : nothing}
      ?disabled=${this.disabled}
      @input=${this.type}
      @change=${quietly}
      @blur=${this.finish}
      @keydown=${this.press}
    />`;
  }

  #lines() {
    return html`<textarea
      rows="4"
      .value=${live(this.#shown)}
      placeholder=${this.#placeholder}
      aria-label=${this.label || nothing}
      ?disabled=${this.disabled}
      @input=${this.type}
      @change=${quietly}
      @blur=${this.finish}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key !== "Enter" || event.ctrlKey || event.metaKey) this.press(event);
      }}
    ></textarea>`;
  }

  get #kind(): string {
    const { format = "", writeOnly } = this.schema;
    const type = TYPES.get(format) ?? (writeOnly ? "password" : "text");
    // A time that is not one cannot be shown in a field for times.
    const isOther = type === "datetime-local" && this.value && !localTime(this.value);
    return isOther ? "text" : type;
  }

  get #shown(): string {
    if (this.draft !== undefined) return this.draft;
    if (this.#kind === "datetime-local") return localTime(this.value);
    return typeof this.value === "string" ? this.value : "";
  }

  get #placeholder(): string | typeof nothing {
    const { default: usual, examples } = this.schema;
    const shown = usual ?? examples?.[0];
    return typeof shown === "string" && shown !== "" ? shown : nothing;
  }

  protected override read(text: string): Read {
    return { value: this.#kind === "datetime-local" ? timeFrom(text) : text };
  }
}
