import type { V4l2Answer, V4l2Control, V4l2ControlChange, V4l2Description } from "./messages.ts";

/** What may change of a control. A message may have members beside those, which nobody has checked. */
const CHANGING = ["value", "flags", "min", "max", "step", "default"] as const;

/** What is known of a device: how it was described last, and what has changed since. */
export class KnownDevice {
  readonly description: V4l2Description;
  readonly #controls: ReadonlyMap<number, V4l2Control>;

  constructor(description: V4l2Description) {
    this.description = description;
    this.#controls = new Map(description.controls.map((control) => [control.id, control]));
  }

  /** @returns The controls that an answer has values of. */
  noteValues({ values = {} }: V4l2Answer): readonly V4l2Control[] {
    const noted: V4l2Control[] = [];
    for (const [id, value] of Object.entries(values)) {
      const control = this.#controls.get(Number(id));
      if (!control) continue;
      control.value = value;
      noted.push(control);
    }
    return noted;
  }

  /** @returns The control that changed; none if it is not known. */
  noteChange(change: V4l2ControlChange): readonly V4l2Control[] {
    const control = this.#controls.get(change.id);
    const now = CHANGING.flatMap((member) => (member in change ? [[member, change[member]]] : []));
    return control ? [Object.assign(control, Object.fromEntries(now))] : [];
  }
}
