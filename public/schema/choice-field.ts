import { css, html } from "lit";
import { customElement, state } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { firstFault } from "./faults.ts";
import { FieldElement } from "./field-element.ts";
import { choiceLabel } from "./field-kinds.ts";
import { fieldStyle } from "./field-style.ts";
import { initialOf } from "./initial-value.ts";
import type { SchemaInput } from "./schema-input.ts";
import { choicesOf } from "./sound-schema.ts";

/** A value of one of several schemas: which, and its fields. */
@customElement("choice-field")
export class ChoiceField extends FieldElement {
  static override styles = [
    shared,
    fieldStyle,
    css`
      :host {
        display: grid;
        gap: 6px;
      }
    `,
  ];
  /** What somebody has chosen, whatever the value looks like. */
  @state() accessor #chosen: number | undefined;

  override render() {
    const choices = choicesOf(this.schema, this.root);
    const fitting = choices.findIndex((it) => firstFault(it, this.value, this.root) === undefined);
    const chosen = this.#chosen ?? (this.value === undefined ? -1 : fitting);
    const names = choices.map((choice) => choiceLabel(choice, this.root));
    const set = (event: Event) =>
      this.put((event.target as SchemaInput).value, event.type === "change");
    const choose = (event: Event) => {
      event.stopPropagation();
      const n = (event.target as FieldElement).value as number;
      this.#chosen = n;
      this.put(initialOf(choices[n], this.root));
    };
    return html`
      <menu-field
        .schema=${{
          oneOf: names.map((title, n) => ({ const: n, title: unique(names, title, n) })),
        }}
        .value=${chosen < 0 ? undefined : chosen}
        .label=${`Kind of ${this.label}`}
        ?disabled=${this.disabled}
        @input=${(event: Event) => event.stopPropagation()}
        @change=${choose}
      ></menu-field>
      ${
        chosen < 0 || choices[chosen]?.type === "null"
          ? ""
          : html`<schema-input
            .schema=${choices[chosen]}
            .root=${this.root}
            .value=${this.value}
            .label=${this.label}
            .refusals=${this.refusals}
            .depth=${this.depth + 1}
            ?disabled=${this.disabled}
            plain
            @input=${set}
            @change=${set}
          ></schema-input>`
      }
    `;
  }
}

function unique(names: readonly string[], name: string, n: number): string {
  return names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${n + 1})`;
}
