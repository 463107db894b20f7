import type { LiveThing } from "../things/live-thing.ts";

const running = new Map<LiveThing, number>();

/**
 * Focuses, by any Thing of `@type` Autofocus with OpenFlexure's names.
 * @returns What came of it, as a sentence. @throws {ClientError} with the server's sentence.
 */
export async function focus(thing: LiveThing, input: object = {}): Promise<string> {
  running.set(thing, (running.get(thing) ?? 0) + 1);
  try {
    const output = await thing.client?.invoke("fast_autofocus", input);
    const { sharpest_z } = Object(output);
    return typeof sharpest_z === "number" ? `Focused at z = ${sharpest_z}.` : "Focused.";
  } finally {
    running.set(thing, (running.get(thing) ?? 1) - 1);
  }
}

/** Whether this page has it focus. */
export function focusing(thing: LiveThing): boolean {
  return (running.get(thing) ?? 0) > 0;
}
