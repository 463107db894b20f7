import { css, html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { shared } from "../style/shared.ts";
import { FieldElement, quietly } from "./field-element.ts";
import { fieldStyle } from "./field-style.ts";
import { kindOfValue, readFree, writeFree } from "./typed-text.ts";

/** A value of which the Thing does not say what it is: a text that is read as what it looks like. */
@customElement("free-field")
export class FreeField extends FieldElement {
  static override styles = [
    shared,
    fieldStyle,
    css`
      textarea {
        min-height: 0;
      }
    `,
  ];
  /** What is being typed. */
  @state() accessor #draft: string | undefined;

  override render() {
    const shown = this.#draft ?? writeFree(this.value);
    return html`
      <textarea
        rows=${shown.includes("\n") || shown.length > 60 ? 4 : 1}
        spellcheck="false"
        placeholder="A number, a text, …"
        .value=${live(shown)}
        aria-label=${this.label || nothing}
        ?disabled=${this.disabled}
        @input=${this.#type}
        @change=${quietly}
        @blur=${this.#finish}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key !== "Enter" || event.shiftKey) return;
          event.preventDefault();
          this.#finish();
        }}
      ></textarea>
      ${this.value === undefined ? "" : html`<span class="about">Read as ${kindOfValue(this.value)}</span>`}
    `;
  }

  #type(event: Event): void {
    event.stopPropagation();
    this.#draft = (event.target as HTMLTextAreaElement).value;
    this.put(readFree(this.#draft), false);
  }

  #finish(): void {
    if (this.#draft === undefined) return;
    const value = readFree(this.#draft);
    this.#draft = undefined;
    this.put(value);
  }
}
