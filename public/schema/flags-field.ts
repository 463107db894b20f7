import { css, html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { isSame } from "../things/same-value.ts";
import { FieldElement, quietly } from "./field-element.ts";
import { optionsOf } from "./field-kinds.ts";
import { fieldStyle } from "./field-style.ts";
import { soundSchema } from "./sound-schema.ts";

/** Any of several values. */
@customElement("flags-field")
export class FlagsField extends FieldElement {
  static override styles = [
    shared,
    fieldStyle,
    css`
      label {
        display: inline-flex;
        align-items: center;
        gap: 6px;
      }
    `,
  ];

  override render() {
    const chosen: readonly unknown[] = Array.isArray(this.value) ? this.value : [];
    const options = optionsOf(soundSchema(this.schema.items, this.root), this.root) ?? [];
    const isChosen = (value: unknown) => chosen.some((one) => isSame(one, value));
    const toggle = (event: Event, value: unknown) => {
      event.stopPropagation();
      const others = chosen.filter((one) => !isSame(one, value));
      this.put(others.length < chosen.length ? others : [...chosen, value]);
    };
    return html`<fieldset class="row" aria-label=${this.label || nothing} ?disabled=${this.disabled}>
      ${options.map(
        ({ value, label }) => html`<label class="option">
          <input
            type="checkbox"
            .checked=${isChosen(value)}
            @input=${quietly}
            @change=${(event: Event) => toggle(event, value)}
          />
          ${label}
        </label>`,
      )}
    </fieldset>`;
  }
}
