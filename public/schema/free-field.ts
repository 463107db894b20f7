import { css, html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { shared } from "../style/shared.ts";
import { quietly } from "./field-element.ts";
import { fieldStyle } from "./field-style.ts";
import { TypedField } from "./typed-field.ts";
import { kindOfValue, type Read, readFree, writeFree } from "./typed-text.ts";

/** A value of which the Thing does not say what it is: a text that is read as what it looks like. */
@customElement("free-field")
export class FreeField extends TypedField {
  static override styles = [
    shared,
    fieldStyle,
    css`
      textarea {
        min-height: 0;
      }
    `,
  ];

  override render() {
    const shown = this.draft ?? writeFree(this.value);
    return html`
      <textarea
        rows=${shown.includes("\n") || shown.length > 60 ? 4 : 1}
        spellcheck="false"
        placeholder="A number, a text, …"
        .value=${live(shown)}
        aria-label=${this.label || nothing}
        ?disabled=${this.disabled}
        @input=${this.type}
        @change=${quietly}
        @blur=${this.finish}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key === "Enter" && event.shiftKey) return;
          if (event.key === "Enter") event.preventDefault();
          this.press(event);
        }}
      ></textarea>
      ${this.value === undefined ? "" : html`<span class="about">Read as ${kindOfValue(this.value)}</span>`}
    `;
  }

  protected override read(text: string): Read {
    return { value: readFree(text) };
  }
}
