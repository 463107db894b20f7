import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { RemoteBlob } from "../../src/client/remote-blob.ts";
import { shared } from "../style/shared.ts";
import { isSame } from "../things/same-value.ts";
import { type Schema, titleOf } from "../things/td.ts";
import "./blob-view.ts";
import { firstFault } from "./faults.ts";
import { labelOf, optionsOf } from "./field-kinds.ts";
import { pictureIn, shownAs } from "./shown-kinds.ts";
import { shownNumber } from "./shown-number.ts";
import { choicesOf, objectOf, soundSchema } from "./sound-schema.ts";
import { numberText, unitText } from "./units.ts";
import "./value-plot.ts";

const LONG_TEXT = 300;
/** Rows and items that are shown at first. */
const FEW = 20;
/** And at most: each is an element of the page. */
const MOST = 1000;
const DEEPEST = 8;

/** A value of any JSON schema, as people read it. */
@customElement("schema-value")
export class SchemaValue extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      dl {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 2px 12px;
      }
      dt {
        color: var(--quiet);
      }
      .scroll {
        max-height: 320px;
        overflow: auto;
      }
      table {
        border-collapse: collapse;
        font-variant-numeric: tabular-nums;
      }
      th,
      td {
        padding: 2px 12px 2px 0;
        text-align: left;
        vertical-align: top;
      }
      th {
        color: var(--quiet);
        font-weight: 500;
      }
      tr + tr > td,
      thead + tbody td {
        border-top: 1px solid var(--line);
      }
      img {
        max-width: 100%;
        max-height: 320px;
        border-radius: var(--radius);
      }
      .text {
        white-space: pre-wrap;
      }
      details > .text {
        max-height: 320px;
        overflow: auto;
      }
      summary {
        cursor: pointer;
      }
      ol {
        margin: 0;
        padding-left: 2.2em;
      }
    `,
  ];

  @property({ attribute: false }) accessor schema: unknown;
  @property({ attribute: false }) accessor value: unknown;
  /** What it is called when it is saved, or drawn. */
  @property() accessor label = "";
  @property({ attribute: false }) accessor root: unknown;
  @property({ type: Number }) accessor depth = 0;
  @state() accessor #showsAll = false;

  override render(): unknown {
    const { value } = this;
    if (value instanceof RemoteBlob)
      return html`<blob-view .blob=${value} .name=${this.label}></blob-view>`;
    const schema = this.#fitting;
    const root = this.#top;
    const shown = shownAs(value, schema, root);
    const list: readonly unknown[] = Array.isArray(value) ? value : [];
    if (this.depth > DEEPEST) return preview(value);
    switch (shown.as) {
      case "nothing":
        return html`<span class="quiet">–</span>`;
      case "text":
        return this.#text(schema);
      case "numbers":
        return html`<span class="number">${list.map((n) => numberText(Number(n))).join(", ")}</span>
          ${unitText(soundSchema(this.#itemSchema(schema, 0), root).unit)}`;
      case "words":
        return list.length === 0
          ? html`<span class="quiet">none</span>`
          : list.map((item) => labelOf(item)).join(", ");
      case "curve": {
        const { x, y, xLabel, yLabel } = shown.curve;
        return html`<value-plot .x=${x} .y=${y} .xLabel=${xLabel} .yLabel=${yLabel}></value-plot>
          <span class="quiet">${y.length} ${x ? "points" : "numbers"}</span>`;
      }
      case "table":
        return this.#table(list, shown.columns, schema);
      case "list":
        return html`<ol>${this.#some(list).map((item, n) => html`<li>${this.#inner(item, this.#itemSchema(schema, n))}</li>`)}</ol>${this.#more(list)}`;
      case "fields":
        return html`<dl>${Object.entries(objectOf(value)).map(([name, inner]) => this.#member(name, inner, schema))}</dl>`;
    }
  }

  get #top(): unknown {
    return this.root ?? this.schema;
  }

  /** The one of several schemas that the value has. */
  get #fitting(): Schema {
    const schema = soundSchema(this.schema, this.#top);
    if (!schema.oneOf || optionsOf(schema, this.#top)) return schema;
    const choices = choicesOf(schema, this.#top);
    const fits = choices.find((it) => firstFault(it, this.value, this.#top) === undefined);
    return fits ?? schema;
  }

  #text(schema: Schema): TemplateResult | string {
    const { value } = this;
    const option = optionsOf(schema, this.#top)?.find((it) => isSame(it.value, value));
    if (option) return option.label;
    if (typeof value === "number") return shownNumber(value, schema);
    if (typeof value !== "string") return labelOf(value);
    const picture = pictureIn(value, schema);
    if (picture) return html`<img src=${picture} alt=${this.label || "Picture"} />`;
    if (schema.format === "date-time" && !Number.isNaN(Date.parse(value)))
      return html`<time datetime=${value} title=${value}>${new Date(value).toLocaleString()}</time>`;
    if (/^https?:\/\/[^\s]+$/.test(value) && value.length < LONG_TEXT)
      return html`<a href=${value} rel="noreferrer">${value}</a>`;
    if (value === "") return html`<span class="quiet">(empty)</span>`;
    const unit = unitText(schema.unit);
    if (value.length <= LONG_TEXT) return html`<span class="text">${value}</span> ${unit}`;
    return html`<details>
      <summary>${value.slice(0, 120)}… <span class="quiet">(${value.length} characters)</span></summary>
      <div class="text">${value.slice(0, 100_000)}</div>
    </details>`;
  }

  #member(name: string, value: unknown, { properties = {}, additionalProperties }: Schema) {
    const inner = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    const title = titleOf(name, soundSchema(inner, this.#top));
    return html`<dt>${title}</dt><dd>${this.#inner(value, inner, title)}</dd>`;
  }

  #table(rows: readonly unknown[], columns: readonly string[], schema: Schema) {
    const { properties = {} } = soundSchema(this.#itemSchema(schema, 0), this.#top);
    const schemaOf = (name: string) => (Object.hasOwn(properties, name) ? properties[name] : {});
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${this.label || "Table"}>
        <table>
          <thead>
            <tr>${columns.map((name) => html`<th scope="col">${titleOf(name, soundSchema(schemaOf(name), this.#top))}</th>`)}</tr>
          </thead>
          <tbody>
            ${this.#some(rows).map((row) => html`<tr>${columns.map((name) => html`<td>${this.#inner(objectOf(row)[name], schemaOf(name))}</td>`)}</tr>`)}
          </tbody>
        </table>
      </div>
      ${this.#more(rows)}`;
  }

  #inner(value: unknown, schema: unknown, label = this.label) {
    return html`<schema-value
      .schema=${schema}
      .value=${value}
      .label=${label}
      .root=${this.#top}
      .depth=${this.depth + 1}
    ></schema-value>`;
  }

  #itemSchema({ items }: Schema, n: number): unknown {
    return Array.isArray(items) ? items[n] : items;
  }

  #some(list: readonly unknown[]): readonly unknown[] {
    return list.slice(0, this.#showsAll ? MOST : FEW);
  }

  #more(list: readonly unknown[]) {
    const hidden = list.length - this.#some(list).length;
    if (hidden <= 0) return "";
    if (this.#showsAll) return html`<p class="quiet">and ${hidden} more</p>`;
    return html`<button type="button" @click=${() => (this.#showsAll = true)}>
      Show all ${list.length}
    </button>`;
  }
}

/** What is too deep to be laid out. */
function preview(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  return text.length > LONG_TEXT ? `${text.slice(0, LONG_TEXT)}…` : text;
}

declare global {
  interface HTMLElementTagNameMap {
    "schema-value": SchemaValue;
  }
}
