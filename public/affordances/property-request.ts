import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import "../schema/schema-input.ts";
import type { SchemaInput } from "../schema/schema-input.ts";
import "../schema/schema-value.ts";
import { shared } from "../style/shared.ts";
import type { LiveThing } from "../things/live-thing.ts";
import { sentenceOf } from "../things/sentence-of.ts";
import type { Schema } from "../things/td.ts";

const ANSWER_MS = 30_000;

/** What is read of a property when somebody wants it: a picture, another file, the value for some variables. */
@customElement("property-request")
export class PropertyRequest extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        justify-items: start;
        gap: 6px;
      }
      schema-input,
      schema-value {
        width: 100%;
      }
    `,
  ];

  @property({ attribute: false }) accessor thing!: LiveThing;
  @property() accessor name = "";
  @property() accessor label = "";
  /** Media type of a file; undefined for a value. */
  @property({ attribute: false }) accessor type: string | undefined;
  /** Of the value. */
  @property({ attribute: false }) accessor schema: Schema = {};
  /** Those that its URL takes. */
  @property({ attribute: false }) accessor variables: Schema | undefined;
  @query("schema-input") accessor fields!: SchemaInput | null;
  @state() accessor #answer: { readonly value: unknown } | undefined;
  @state() accessor #problem = "";
  @state() accessor #isComing = false;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("thing") || changed.has("name")) this.#answer = undefined;
  }

  override render() {
    const { variables } = this;
    const verb = this.type === undefined ? "Read" : "Show";
    return html`
      ${variables ? html`<schema-input .schema=${variables} .label=${`Variables of ${this.label}`}></schema-input>` : nothing}
      ${this.#answer ? html`<schema-value .schema=${this.schema} .value=${this.#answer.value} .label=${this.label}></schema-value>` : nothing}
      <button type="button" aria-label=${`${verb} ${this.label}`} aria-disabled=${this.#isComing || nothing} @click=${this.#read}>
        ${this.#answer ? `${verb} again` : verb}
      </button>
      ${this.#problem && html`<p class="problem" role="alert">${this.#problem}</p>`}
    `;
  }

  readonly #read = async (): Promise<void> => {
    if (this.#isComing || this.fields?.check() === false) return;
    this.#isComing = true;
    try {
      const property = this.thing.client?.properties[this.name];
      const uriVariables = Object(this.fields?.value ?? {});
      const options = { signal: AbortSignal.timeout(ANSWER_MS), uriVariables };
      const [type] = this.type?.split(";") ?? [];
      const reading =
        type === undefined ? property?.read(options) : property?.readAs(type, options);
      this.#answer = { value: await reading };
      this.#problem = "";
    } catch (error) {
      this.#problem = sentenceOf(error);
    }
    this.#isComing = false;
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "property-request": PropertyRequest;
  }
}
