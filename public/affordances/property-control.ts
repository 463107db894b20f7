import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { firstFault } from "../schema/faults.ts";
import { type FieldKind, fieldKindOf } from "../schema/field-kinds.ts";
import "../schema/schema-input.ts";
import type { SchemaInput } from "../schema/schema-input.ts";
import "../schema/schema-value.ts";
import { isWide } from "../schema/shown-kinds.ts";
import { soundSchema } from "../schema/sound-schema.ts";
import { duration } from "../style/quantities.ts";
import { shared } from "../style/shared.ts";
import { mayOperate, whyNotOperate } from "../things/account.ts";
import { Following, type KnownValue, type LiveThing } from "../things/live-thing.ts";
import { PacedWrite } from "../things/paced-write.ts";
import { accessOf, type PropertyAccess, whyReadOnly } from "../things/property-access.ts";
import { isSame } from "../things/same-value.ts";
import { affordancesOf, rootOf, type Schema, titleOf } from "../things/td.ts";
import { uriVariablesOf } from "../things/uri-variables.ts";
import "./property-request.ts";
import { rowStyle } from "./row-style.ts";

/** What has several parts is sent as a whole, when it is complete. */
const WHOLE: ReadonlySet<FieldKind> = new Set(["object", "list", "tuple", "choice"]);

/** Of a value that does not fit, characters. */
const MOST_SHOWN = 80;

/**
 * One property: its value as it changes, and, unless it is read-only, a control that sets it. What is being typed is not overwritten;
 * a slider writes as fast as the device takes it; a refused value is told in the server's sentence, and the control shows what is true.
 */
@customElement("property-control")
export class PropertyControl extends LitElement {
  static override styles = [
    shared,
    rowStyle,
    css`
      .waiting {
        opacity: 0.7;
      }
    `,
  ];

  @property({ attribute: false }) accessor thing!: LiveThing;
  @property({ reflect: true }) accessor name = "";
  /** What somebody enters that has several parts, until it is sent. */
  @state() accessor #draft: { readonly value: unknown } | undefined;
  /** Whether its description is shown. */
  @state() accessor #isExplained = false;
  /** Whether the last value fits its schema. */
  #judged: { value: unknown; schema: Schema; fault: string | undefined } | undefined;
  #writes = new PacedWrite(async () => {});
  #tick: ReturnType<typeof setInterval> | undefined;
  readonly #following = new Following(this, (name) => name === this.name);

  override willUpdate(changed: PropertyValues<this>): void {
    this.#following.thing = this.thing;
    if (!changed.has("thing") && !changed.has("name")) return;
    const { thing, name } = this;
    this.#draft = undefined;
    this.#writes = new PacedWrite(
      (value, signal) => thing.write(name, value, signal),
      () => this.requestUpdate(),
    );
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#tick = setInterval(() => !this.thing.isConnected && this.requestUpdate(), 1000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#tick);
  }

  override render() {
    const described = affordancesOf(this.thing.td).properties.get(this.name);
    if (!described) return this.#draft ? this.#gone(this.#draft.value) : nothing;
    const root = rootOf(this.thing.td, described);
    const schema = soundSchema(described, root);
    const access = accessOf(described);
    const known = this.thing.values.get(this.name);
    const kind = fieldKindOf(schema, root);
    const isControl = access.isWritable && kind !== "constant" && !access.file;
    const variables = uriVariablesOf(described, "readproperty");
    const wide = isControl
      ? WHOLE.has(kind) || kind === "free"
      : isWide(known?.value, schema, root);
    return html`
      <div class="property ${wide ? "wide" : ""} ${this.#isOld(known) ? "old" : ""}">
        ${this.#title(schema)}
        <div class="value">
          ${
            access.file
              ? nothing
              : isControl
                ? this.#control(schema, root, access.isReadable, known, WHOLE.has(kind))
                : this.#shown(schema, root, access, known)
          }
          ${access.file || variables ? this.#request(schema, access.file, variables) : nothing}
        </div>
        ${this.#notes(schema, isControl ? this.#faultOf(schema, root, known?.value) : undefined, known)}
        ${isControl ? nothing : this.#whyReadOnly(schema)}
      </div>
    `;
  }

  #title(schema: Schema) {
    const title = titleOf(this.name, schema);
    if (!schema.description) return html`<span class="name">${title}</span>`;
    return html`<span class="name" title=${schema.description}><span>${title}</span>
      <button
        aria-expanded=${this.#isExplained}
        aria-label=${`What is ${title}?`}
        @click=${() => (this.#isExplained = !this.#isExplained)}
      ></button></span>`;
  }

  /** The description has lost it while somebody was entering a value. */
  #gone(value: unknown) {
    return html`<div class="property wide">
      <span class="name">${titleOf(this.name, {})}</span>
      <p class="note problem" role="status">
        The Thing has no property '${this.name}' any more: what you entered was not set.
      </p>
      <div class="value"><schema-value .schema=${{}} .value=${value} .label=${this.name}></schema-value></div>
      ${this.#discard()}
    </div>`;
  }

  #request(schema: Schema, type: string | undefined, variables: Schema | undefined) {
    return html`<property-request
      .thing=${this.thing}
      .name=${this.name}
      .label=${titleOf(this.name, schema)}
      .type=${type}
      .schema=${schema}
      .variables=${variables}
    ></property-request>`;
  }

  #shown(schema: Schema, root: unknown, access: PropertyAccess, known: KnownValue | undefined) {
    if (access.problem) return html`<span class="quiet">${access.problem}</span>`;
    if (!access.isReadable) return html`<span class="quiet">cannot be read</span>`;
    if (!known && this.thing.isConnected) return html`<span class="quiet">not told</span>`;
    if (!known) return html`<span class="quiet" aria-label="not known yet">…</span>`;
    return html`<schema-value
      .schema=${schema}
      .root=${root}
      .value=${known.value}
      .label=${titleOf(this.name, schema)}
    ></schema-value>`;
  }

  #control(
    schema: Schema,
    root: unknown,
    isReadable: boolean,
    known: KnownValue | undefined,
    isWhole: boolean,
  ) {
    const { isUnderWay, wanted, problem } = this.#writes;
    const value = this.#draft ? this.#draft.value : isUnderWay ? wanted : known?.value;
    return html`
      <schema-input
        class=${isUnderWay ? "waiting" : ""}
        aria-busy=${isUnderWay ? "true" : nothing}
        .schema=${schema}
        .root=${root}
        .value=${live(value)}
        .label=${titleOf(this.name, schema)}
        .problem=${problem}
        .required=${!isReadable}
        .resettable=${true}
        ?disabled=${!this.thing.isConnected || !mayOperate()}
        title=${whyNotOperate() ?? nothing}
        @input=${(event: Event) => this.#edit(event, isWhole)}
        @change=${(event: Event) => this.#enter(event, isWhole)}
      ></schema-input>
      ${this.#draft ? this.#buttons() : ""}
    `;
  }

  #buttons() {
    return html`<div class="buttons">
      <button class="first" @click=${this.#apply}>Set</button>
      ${this.#discard()}
    </div>`;
  }

  #discard() {
    return html`<button @click=${() => this.#draw(undefined)}>Discard</button>`;
  }

  #draw(draft: { readonly value: unknown } | undefined): void {
    this.#draft = draft;
    this.dispatchEvent(new CustomEvent("draft-change", { detail: draft !== undefined }));
  }

  #edit(event: Event, isWhole: boolean): void {
    const { value } = event.target as SchemaInput;
    if (isWhole) this.#draw({ value });
  }

  #enter(event: Event, isWhole: boolean): void {
    const input = event.target as SchemaInput;
    if (isWhole) this.#draw({ value: input.value });
    else if (input.value === undefined || input.fault !== undefined) this.requestUpdate();
    else if (!isSame(input.value, this.#writes.wanted ?? this.#value))
      this.#writes.set(input.value);
  }

  get #value(): unknown {
    return this.thing.values.get(this.name)?.value;
  }

  readonly #apply = (): void => {
    const input = this.renderRoot.querySelector("schema-input");
    if (!input?.check()) return;
    this.#writes.set(input.value);
    this.#draw(undefined);
  };

  /** What is wrong with a value that the Thing has: a control cannot show it as it is. */
  #faultOf(schema: Schema, root: unknown, value: unknown): string | undefined {
    if (value === undefined || this.#draft || this.#writes.isUnderWay) return undefined;
    if (this.#judged?.value !== value || this.#judged.schema !== schema)
      this.#judged = { value, schema, fault: firstFault(schema, value, root) };
    const { fault } = this.#judged;
    if (fault === undefined) return undefined;
    const text = JSON.stringify(value) ?? "";
    const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
    return `The Thing says ${shown}, which its description does not allow: ${fault}`;
  }

  #whyReadOnly(schema: Schema) {
    const why = whyReadOnly(schema);
    return why ? html`<p class="note quiet">${why}</p>` : nothing;
  }

  /** What is to be said of it beside its value. */
  #notes(schema: Schema, fault: string | undefined, known: KnownValue | undefined) {
    const { description } = schema;
    const age = known ? duration(performance.now() - known.at) : "";
    return html`
      ${known?.problem !== undefined ? html`<p class="note problem" role="status">${known.problem}</p>` : ""}
      ${fault ? html`<p class="note stale">${fault}</p>` : ""}
      ${this.#isOld(known) ? html`<p class="note stale">${age} old: not connected</p>` : ""}
      ${description && this.#isExplained ? html`<p class="note about">${description}</p>` : ""}
    `;
  }

  #isOld(known: KnownValue | undefined): boolean {
    return known !== undefined && !this.thing.isConnected;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "property-control": PropertyControl;
  }
}
