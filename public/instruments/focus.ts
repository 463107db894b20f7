import { over } from "../things/following-run.ts";
import type { LiveThing } from "../things/live-thing.ts";
import type { Run } from "../things/run.ts";
import { runsOf } from "../things/runs.ts";

/**
 * Focuses, by any Thing of `@type` Autofocus with OpenFlexure's names. Its run is among those of the Thing.
 * @returns What came of it, as a sentence. @throws {Error} with the server's sentence.
 */
export async function focus(thing: LiveThing): Promise<string> {
  const run = runsOf(thing).start("fast_autofocus", {});
  await over(run);
  if (run.status === "cancelled") return "Focusing was cancelled.";
  if (run.status !== "completed") throw new Error(run.problem ?? "It failed.");
  return focusedText(run);
}

/** What came of a run that is completed. */
export function focusedText({ output }: Run): string {
  const { sharpest_z } = Object(output);
  return typeof sharpest_z === "number" ? `Focused at z = ${sharpest_z}.` : "Focused.";
}
