import { css, LitElement, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { html, literal } from "lit/static-html.js";
import { shared } from "../style/shared.ts";
import { isSame } from "../things/same-value.ts";
import type { Schema } from "../things/td.ts";
import "./choice-field.ts";
import { faultOf, firstFault } from "./faults.ts";
import type { FieldElement } from "./field-element.ts";
import { type FieldKind, fieldKindOf, labelOf } from "./field-kinds.ts";
import "./file-field.ts";
import "./flags-field.ts";
import "./free-field.ts";
import { initialOf } from "./initial-value.ts";
import "./list-field.ts";
import "./menu-field.ts";
import "./number-field.ts";
import "./numbers-field.ts";
import "./object-field.ts";
import { type Refusal, refusalOf } from "./refusal.ts";
import { isObject, soundSchema } from "./sound-schema.ts";
import "./switch-field.ts";
import "./text-field.ts";

/** A schema that leads to itself is unfolded so far. */
const DEEPEST = 12;
const TAGS = {
  menu: literal`menu-field`,
  flags: literal`flags-field`,
  choice: literal`choice-field`,
  switch: literal`switch-field`,
  number: literal`number-field`,
  text: literal`text-field`,
  file: literal`file-field`,
  numbers: literal`numbers-field`,
  tuple: literal`list-field`,
  list: literal`list-field`,
  object: literal`object-field`,
  free: literal`free-field`,
};
const STRUCTURED: ReadonlySet<FieldKind> = new Set(["object", "list", "choice", "tuple"]);

/**
 * Fields for a value of any JSON schema. `value` is what was entered; undefined where somebody has still to say.
 * @fires input - Someone is changing the value, perhaps half-way.
 * @fires change - They have finished: a slider moved, a choice made, a text left.
 */
@customElement("schema-input")
export class SchemaInput extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    shared,
    css`
      :host {
        display: block;
        min-width: 0;
      }
      .row {
        display: flex;
        align-items: center;
        gap: 6px;
      }
      .row > :first-child {
        flex: 1;
        min-width: 0;
      }
      .row > switch-field:first-child {
        flex: none;
        margin-right: auto;
      }
      .row > button {
        flex: none;
        align-self: start;
      }
      .inner {
        padding-left: 10px;
        border-left: 2px solid var(--line);
      }
      .back {
        min-width: 32px;
        padding: 0;
        border-color: transparent;
        background: transparent;
        color: var(--quiet);
      }
    `,
  ];

  /** JSON Schema, or what a Thing Description says of a value; undefined for any value. */
  @property({ attribute: false }) accessor schema: unknown;
  @property({ attribute: false }) accessor value: unknown;
  /** How the value is called for those who do not see it. */
  @property() accessor label = "Value";
  @property({ type: Boolean }) accessor disabled = false;
  /** Whether there must be a value: it begins as the default, and cannot be cleared. */
  @property({ type: Boolean }) accessor required = true;
  /** Whether there is a way back to the default only: the value may be unknown, and cannot be left out. */
  @property({ type: Boolean }) accessor resettable = false;
  /** Without a way back to the default. */
  @property({ type: Boolean }) accessor plain = false;
  /** What the server said of the value. */
  @property({ attribute: false }) accessor problem: string | undefined;
  /** What the server said of it and of what is in it, beside the fields that it is about. */
  @property({ attribute: false }) accessor refusals: readonly Refusal[] = [];
  /** Where `#/...` leads to; the schema itself unless it is part of another. */
  @property({ attribute: false }) accessor root: unknown;
  @property({ type: Number }) accessor depth = 0;
  @state() accessor #isTouched = false;
  @state() accessor #unread: string | undefined;

  /** What is wrong with the value, as far as the schema tells; undefined if it can be sent. */
  get fault(): string | undefined {
    const isMissing = this.required && this.value === undefined && this.schema !== undefined;
    return (
      this.#unread ?? (isMissing ? "Fill it in." : firstFault(this.schema, this.value, this.#top))
    );
  }

  /** Shows what is wrong beside each field, also where nobody has been yet. @returns Whether nothing is. */
  check(): boolean {
    this.#isTouched = true;
    for (const field of this.renderRoot.children) showIn(field);
    return this.fault === undefined;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const isNew = changed.has("schema") || changed.has("value");
    // What is inside another was begun with it.
    if (isNew && this.value === undefined && this.required && this.depth === 0)
      this.value = initialOf(this.schema, this.#top);
  }

  override render() {
    const schema = soundSchema(this.schema, this.#top);
    const kind = this.depth > DEEPEST ? "free" : fieldKindOf(schema, this.#top);
    const isAbsent = this.#isAbsent(kind, schema);
    const said = this.problem ?? this.#refusal(kind, isAbsent);
    const own = this.#isTouched ? this.#faultOf(schema) : undefined;
    const isInner = this.depth > 0 && (kind === "object" || kind === "list");
    return html`
      <div class="row ${isInner && !isAbsent ? "inner" : ""}">
        ${isAbsent ? this.#adder(schema) : this.#field(kind, schema)} ${this.#back(schema)}
      </div>
      ${own && html`<p class="problem" role="status">${own}</p>`}
      ${said && html`<p class="problem" role="alert">${said}</p>`}
    `;
  }

  /**
   * Whether it is unfolded only when somebody wants it: what may be left out; and what is inside another and has parts, as a schema
   * that leads to itself has no end.
   */
  #isAbsent(kind: FieldKind, schema: Schema): boolean {
    if (this.value !== undefined || this.resettable || !STRUCTURED.has(kind)) return false;
    const { items } = schema;
    const isFlat = [items].flat().every((item) => {
      const inner = soundSchema(item, this.#top);
      return !STRUCTURED.has(fieldKindOf(inner, this.#top));
    });
    const isShort = kind === "choice" || (kind === "tuple" && isFlat);
    return !this.required || (this.depth > 0 && !isShort);
  }

  /** Fields within fields show their own. */
  #refusal(kind: FieldKind, isAbsent: boolean): string | undefined {
    if (kind === "choice" && !isAbsent) return undefined;
    const isWhole = isAbsent || !STRUCTURED.has(kind);
    return refusalOf(isWhole ? this.refusals : this.refusals.filter(({ loc }) => loc.length === 0));
  }

  get #top(): unknown {
    return this.root ?? this.schema;
  }

  #faultOf(schema: Schema): string | undefined {
    if (this.#unread) return this.#unread;
    if (this.required && this.value === undefined) return "Fill it in.";
    if (schema.properties && isObject(this.value)) return undefined; // its fields say so
    return faultOf(schema, this.value, this.#top);
  }

  #field(kind: FieldKind, schema: Schema) {
    if (kind === "constant")
      return html`<span class="quiet">${labelOf(schema.const ?? null)}</span>`;
    return html`<${TAGS[kind]}
      .schema=${schema}
      .root=${this.#top}
      .value=${this.value}
      .label=${this.label}
      .disabled=${this.disabled}
      .refusals=${this.refusals}
      .depth=${this.depth}
      @input=${this.#set}
      @change=${this.#set}
    ></${TAGS[kind]}>`;
  }

  readonly #set = (event: Event): void => {
    const field = event.target as FieldElement;
    this.value = field.value;
    this.#unread = field.fault;
    this.#isTouched = true; // not when the field is left: what is about to be clicked would move away
    this.problem = undefined;
    this.refusals = [];
    this.dispatchEvent(new Event(event.type));
  };

  /** Fields that may be left out stay away until they are wanted. */
  #adder(schema: Schema) {
    const add = () =>
      this.#put(initialOf(schema, this.#top) ?? (schema.type === "array" ? [] : {}));
    return html`<div>
      <button type="button" aria-label=${`Set ${this.label}`} ?disabled=${this.disabled} @click=${add}>
        Set
      </button>
    </div>`;
  }

  /** To the default, or to nothing where nothing need be given. */
  #back({ default: usual }: Schema) {
    const mustBe = this.required || this.resettable;
    const to = mustBe ? usual : undefined;
    const isThere = isSame(this.value, to) || (mustBe && usual === undefined);
    if (this.plain || this.disabled || isThere) return "";
    const what = usual === undefined ? "Leave out" : `Default: ${labelOf(usual)}`;
    return html`<button
      type="button"
      class="back"
      title=${what}
      aria-label=${`${what} (${this.label})`}
      @click=${() => this.#put(to)}
    >
      ${usual === undefined ? "×" : "Reset"}
    </button>`;
  }

  #put(value: unknown): void {
    this.value = value;
    this.#unread = undefined;
    this.problem = undefined;
    this.refusals = [];
    this.dispatchEvent(new Event("input"));
    this.dispatchEvent(new Event("change"));
  }
}

/** Fields within fields. */
function showIn(element: Element): void {
  if (element instanceof SchemaInput) {
    element.check();
    return;
  }
  const inner = [...element.children, ...(element.shadowRoot?.children ?? [])];
  for (const child of inner) showIn(child);
}

declare global {
  interface HTMLElementTagNameMap {
    "schema-input": SchemaInput;
  }
}
