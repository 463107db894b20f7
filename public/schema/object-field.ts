import { css, html } from "lit";
import { customElement, state } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { titleOf } from "../things/td.ts";
import { FieldElement } from "./field-element.ts";
import { fieldKindOf } from "./field-kinds.ts";
import { fieldStyle } from "./field-style.ts";
import { refusalsBelow } from "./refusal.ts";
import type { SchemaInput } from "./schema-input.ts";
import { objectOf, soundSchema } from "./sound-schema.ts";

/** So many numbers or switches stand in one row: x, y and z. */
const MOST_IN_ROW = 4;

/** Named values: those that the schema tells, and others where it allows them. */
@customElement("object-field")
export class ObjectField extends FieldElement {
  static override styles = [
    shared,
    fieldStyle,
    css`
      :host {
        display: grid;
        gap: 8px;
      }
      .members {
        display: grid;
        gap: 8px;
      }
      .members.short {
        display: flex;
        flex-wrap: wrap;
        gap: 6px 10px;
      }
      .members.short > * {
        flex: 1 1 90px;
      }
      .name {
        display: block;
        font-size: 12px;
        overflow-wrap: anywhere;
      }
      .other {
        display: flex;
        align-items: start;
        gap: 6px;
      }
      .other > * {
        flex: 1;
      }
      .other > button {
        flex: none;
      }
    `,
  ];
  @state() accessor #newName = "";

  override render() {
    const { properties = {}, additionalProperties, required = [] } = this.schema;
    const names = Object.keys(properties);
    const others = Object.keys(this.#members).filter((name) => !Object.hasOwn(properties, name));
    const takesOthers =
      additionalProperties === undefined ? names.length === 0 : additionalProperties !== false;
    return html`
      <div class="members ${this.#isShort(names) ? "short" : ""}" role="group" aria-label=${this.label}>
        ${names.map((name) => this.#member(name, properties[name], required.includes(name)))}
      </div>
      ${others.map((name) => this.#other(name))} ${takesOthers ? this.#adder() : ""}
    `;
  }

  get #members(): Readonly<Record<string, unknown>> {
    return objectOf(this.value);
  }

  #isShort(names: readonly string[]): boolean {
    return (
      names.length > 1 &&
      names.length <= MOST_IN_ROW &&
      names.every((name) => {
        const schema = soundSchema(this.schema.properties?.[name], this.root);
        const kind = fieldKindOf(schema, this.root);
        return (kind === "number" || kind === "switch") && !schema.description;
      })
    );
  }

  #member(name: string, schema: unknown, isRequired: boolean) {
    const sound = soundSchema(schema, this.root);
    const title = titleOf(name, sound);
    return html`<div>
      <span class="name">${title}${isRequired ? "" : html` <span class="quiet">optional</span>`}</span>
      ${this.#input(name, schema, title, isRequired)}
      ${sound.description && html`<span class="about">${sound.description}</span>`}
    </div>`;
  }

  #input(name: string, schema: unknown, title: string, isRequired: boolean) {
    const set = (event: Event) =>
      this.#set(name, (event.target as SchemaInput).value, event.type === "change");
    return html`<schema-input
      .schema=${schema}
      .root=${this.root}
      .value=${Object.hasOwn(this.#members, name) ? this.#members[name] : undefined}
      .label=${title}
      .refusals=${refusalsBelow(this.refusals, name)}
      .depth=${this.depth + 1}
      .required=${isRequired}
      ?disabled=${this.disabled}
      @input=${set}
      @change=${set}
    ></schema-input>`;
  }

  #other(name: string) {
    const { additionalProperties } = this.schema;
    return html`<div class="other">
      <span class="name">${name}</span>
      ${this.#input(name, objectOf(additionalProperties), name, true)}
      <button
        type="button"
        class="icon"
        aria-label=${`Remove ${name}`}
        title="Remove"
        ?disabled=${this.disabled}
        @click=${() => this.#set(name, undefined, true)}
      >
        ✕
      </button>
    </div>`;
  }

  #adder() {
    const name = this.#newName.trim();
    const isTaken = Object.hasOwn(this.#members, name);
    const add = () => {
      this.#newName = "";
      const { additionalProperties } = this.schema;
      const { type } = soundSchema(additionalProperties, this.root);
      this.#set(name, STARTS.get(type ?? "") ?? "", true);
    };
    return html`<div class="other">
      <input
        type="text"
        placeholder="Name"
        aria-label=${`Name of a new field of ${this.label}`}
        .value=${this.#newName}
        ?disabled=${this.disabled}
        @input=${(event: Event) => {
          event.stopPropagation();
          this.#newName = (event.target as HTMLInputElement).value;
        }}
        @change=${(event: Event) => event.stopPropagation()}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key !== "Enter" || name === "" || isTaken) return;
          event.preventDefault();
          add();
        }}
      />
      <button type="button" ?disabled=${this.disabled || name === "" || isTaken} @click=${add}>
        Add field
      </button>
    </div>`;
  }

  #set(name: string, value: unknown, isFinished: boolean): void {
    const members = new Map(Object.entries(this.#members));
    if (value === undefined) members.delete(name);
    else members.set(name, value);
    this.put(Object.fromEntries(members), isFinished); // also `__proto__`
  }
}

/** What a new field holds until somebody says. */
const STARTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["number", 0],
  ["integer", 0],
  ["boolean", false],
  ["array", []],
  ["object", {}],
]);
