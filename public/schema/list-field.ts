import { css, html } from "lit";
import { customElement } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { titleOf } from "../things/td.ts";
import { FieldElement } from "./field-element.ts";
import { fieldKindOf } from "./field-kinds.ts";
import { fieldStyle } from "./field-style.ts";
import { initialOf } from "./initial-value.ts";
import { refusalsBelow } from "./refusal.ts";
import type { SchemaInput } from "./schema-input.ts";
import { soundSchema } from "./sound-schema.ts";

/** More is not edited here: each item is an element of the page. */
const MOST_SHOWN = 200;

/** A list: of fixed length in a row, else with items that come, go and move. */
@customElement("list-field")
export class ListField extends FieldElement {
  static override styles = [
    shared,
    fieldStyle,
    css`
      .tuple {
        display: flex;
        flex-wrap: wrap;
        gap: 6px 10px;
      }
      .tuple > * {
        flex: 1 1 90px;
      }
      .item {
        display: flex;
        align-items: start;
        gap: 6px;
        padding: 4px 0;
      }
      .item > schema-input {
        flex: 1;
      }
      .number {
        min-width: 2ch;
        padding-top: 6px;
      }
    `,
  ];

  override render() {
    const kind = fieldKindOf(this.schema, this.root);
    return kind === "tuple" ? this.#tuple() : this.#list();
  }

  get #values(): readonly unknown[] {
    return Array.isArray(this.value) ? this.value : [];
  }

  #tuple() {
    const { items, minItems = 0 } = this.schema;
    const length = Array.isArray(items) ? items.length : minItems;
    return html`<div class="tuple" role="group" aria-label=${this.label}>
      ${Array.from({ length }, (_, n) => {
        const { title } = soundSchema(this.#schemaOf(n), this.root);
        const name = title ? titleOf("", { title }) : "";
        return html`<div>
          ${name && html`<span class="about">${name}</span>`}
          ${this.#item(n, `${this.label} ${name || n + 1}`)}
        </div>`;
      })}
    </div>`;
  }

  #list() {
    const { minItems = 0, maxItems = Infinity } = this.schema;
    const values = this.#values;
    const hidden = values.length - MOST_SHOWN;
    return html`
      <div role="group" aria-label=${this.label}>
        ${values.slice(0, MOST_SHOWN).map((_, n) => this.#row(n, values, minItems))}
        ${hidden > 0 ? html`<p class="about">and ${hidden} more, which stay as they are</p>` : ""}
      </div>
      <button
        type="button"
        aria-label=${`Add to ${this.label}`}
        ?disabled=${this.disabled || values.length >= maxItems}
        @click=${() => this.put([...values, initialOf(this.#schemaOf(values.length), this.root)])}
      >
        Add
      </button>
    `;
  }

  #row(n: number, values: readonly unknown[], minItems: number) {
    const button = (text: string, what: string, isOff: boolean, next: () => unknown[]) =>
      html`<button
        type="button"
        class="icon"
        aria-label=${`${what} item ${n + 1} of ${this.label}`}
        title=${what}
        ?disabled=${this.disabled || isOff}
        @click=${() => this.put(next())}
      >
        ${text}
      </button>`;
    return html`<div class="item">
      <span class="number quiet">${n + 1}</span>
      ${this.#item(n, `${this.label} ${n + 1}`)}
      ${button("↑", "Move up", n === 0, () => moved(values, n, n - 1))}
      ${button("↓", "Move down", n === values.length - 1, () => moved(values, n, n + 1))}
      ${button("✕", "Remove", values.length <= minItems, () => values.toSpliced(n, 1))}
    </div>`;
  }

  #item(n: number, label: string) {
    const set = (event: Event) => {
      const values = [...this.#values];
      values[n] = (event.target as SchemaInput).value;
      this.put(values, event.type === "change");
    };
    return html`<schema-input
      .schema=${this.#schemaOf(n)}
      .root=${this.root}
      .value=${this.#values[n]}
      .label=${label}
      .refusals=${refusalsBelow(this.refusals, n)}
      .depth=${this.depth + 1}
      ?disabled=${this.disabled}
      plain
      @input=${set}
      @change=${set}
    ></schema-input>`;
  }

  #schemaOf(n: number): unknown {
    const { items } = this.schema;
    return Array.isArray(items) ? items[n] : items;
  }
}

function moved(values: readonly unknown[], from: number, to: number): unknown[] {
  return values.toSpliced(from, 1).toSpliced(to, 0, values[from]);
}
