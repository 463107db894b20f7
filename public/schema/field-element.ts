import { LitElement, type PropertyValues } from "lit";
import { property } from "lit/decorators.js";
import type { Schema } from "../things/td.ts";
import type { Refusal } from "./refusal.ts";

/**
 * What a value is entered with, for one kind of schema. It dispatches `input` when someone has changed the value, also half-way, and
 * `change` when they have finished: a slider moved, a choice made, a text left.
 */
export abstract class FieldElement extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };

  /** As `soundSchema` makes it. */
  @property({ attribute: false }) accessor schema: Schema = {};
  /** Where references lead to. */
  @property({ attribute: false }) accessor root: unknown;
  @property({ attribute: false }) accessor value: unknown;
  /** How it is called for those who do not see it. */
  @property() accessor label = "";
  @property({ type: Boolean }) accessor disabled = false;
  @property({ type: Number }) accessor depth = 0;
  /** What the server said of what is inside. */
  @property({ attribute: false }) accessor refusals: readonly Refusal[] = [];
  /** Why what was typed is no value at all. */
  fault: string | undefined;

  /** The value without what is being typed. */
  #settled: unknown;
  #entered: unknown;

  override willUpdate(changed: PropertyValues): void {
    if (changed.has("value") && this.value !== this.#entered) this.#settled = this.value;
  }

  /** What someone was typing is left, and the value is what it is without that. */
  giveUp(): void {
    this.fault = undefined;
    this.put(this.#settled, false);
  }

  /** What someone has entered. */
  put(value: unknown, isFinished = true): void {
    this.value = value;
    this.#entered = value;
    if (isFinished) this.#settled = value;
    this.dispatchEvent(new Event("input"));
    if (isFinished) this.dispatchEvent(new Event("change"));
  }
}

/** Of a field that is inside another: what it tells is told by the outer one. */
export function quietly(event: Event): void {
  event.stopPropagation();
}
