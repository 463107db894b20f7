import { state } from "lit/decorators.js";
import { FieldElement } from "./field-element.ts";
import type { Read } from "./typed-text.ts";

/**
 * A field that is typed in. While someone types, the value is what the text says so far, if it says one; Enter, and leaving the field,
 * finish it; Escape gives it up, and the value is as before.
 */
export abstract class TypedField extends FieldElement {
  /** What is being typed. */
  @state() protected accessor draft: string | undefined;

  /** What a text says. */
  protected abstract read(text: string): Read;

  protected readonly type = (event: Event): void => {
    event.stopPropagation();
    this.draft = (event.target as HTMLInputElement | HTMLTextAreaElement).value;
    const read = this.read(this.draft);
    this.fault = "fault" in read ? read.fault : undefined;
    this.put("value" in read ? read.value : this.value, false);
  };

  protected readonly finish = (): void => {
    if (this.draft === undefined) return;
    const read = this.read(this.draft);
    if ("fault" in read) return;
    this.draft = undefined;
    this.put(read.value);
  };

  protected readonly press = (event: KeyboardEvent): void => {
    if (event.key === "Enter") this.finish();
    if (event.key !== "Escape" || this.draft === undefined) return;
    event.stopPropagation();
    this.draft = undefined;
    this.giveUp();
  };
}
