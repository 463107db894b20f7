import type { Sharp } from "sharp";
import { asSentence, messageOf, ThingError } from "../../base/errors.ts";

export type { Sharp };

let loading: ReturnType<typeof loadSharp> | undefined;

/**
 * sharp, loaded with the first picture that needs it: its libraries take 16 MB, and most servers pass JPEGs on as they are.
 *
 * @throws {ThingError} `PROGRAM_MISSING`
 */
export function sharpLibrary() {
  loading ??= loadSharp().catch((error) => {
    loading = undefined; // the missing library may be installed by the next call
    throw error;
  });
  return loading;
}

/** What sharp says is its reasons, a line each, and then a page of possible solutions. */
export function whatIsMissing(error: unknown): string {
  const lines = messageOf(error).split("\n");
  const end = lines.findIndex((line) => line.startsWith("Possible solutions"));
  const reason = lines.slice(0, end < 0 ? 1 : end).join(": ");
  return `${asSentence(reason)} Run: npm install --include=optional`;
}

async function loadSharp() {
  const { default: sharp } = await import("sharp").catch(reject);
  // Frames are encoded in parallel, one thread each; a cache would only hold pictures that are not used again.
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}

function reject(error: unknown): never {
  const why = `Pictures cannot be encoded, resized or decoded: ${whatIsMissing(error)}`;
  throw new ThingError("PROGRAM_MISSING", why, { cause: error });
}
