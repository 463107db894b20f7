import type { IncomingMessage } from "node:http";
import { ThingError } from "../base/errors.ts";
import { STREAM_ACCEPT } from "../frames/sent-picture.ts";
import type { View } from "../frames/stored-picture.ts";

/** What a variant is made of: how often, how wide, how good. Equal options share one variant. */
export interface VariantOptions {
  /** Frames a second at most, 0.01 to 1000. */
  readonly fps?: number;
  /** Pixels, 16 to 8192; never wider than the stream itself. */
  readonly width?: number;
  /** JPEG quality, 1 to 100. */
  readonly quality?: number;
}

const LIMITS = {
  fps: { low: 0.01, high: 1000, whole: false, unit: "frames per second" },
  width: { low: 16, high: 8192, whole: true, unit: "pixels" },
  quality: { low: 1, high: 100, whole: true, unit: "JPEG quality" },
} as const;

/** The query of a request; names that nobody asks for are ignored. */
export function queryOf({ url = "" }: IncomingMessage): URLSearchParams {
  const begin = url.indexOf("?");
  return new URLSearchParams(begin < 0 ? "" : url.slice(begin + 1));
}

/**
 * Which view of the stream a request gets: Chromium's, by User-Agent or `?advance=1`, or a program's.
 * @throws {ThingError} `BAD_ARGUMENT`.
 */
export function viewOf(request: IncomingMessage): View {
  const advance = queryOf(request).get("advance");
  if (advance === null) {
    return request.headers["user-agent"]?.includes("Chrome/") ? "chromium" : "program";
  }
  if (advance !== "0" && advance !== "1") {
    throw new ThingError(
      "BAD_ARGUMENT",
      `'advance' is ${JSON.stringify(advance)}, but it must be 1 (for Chromium) or 0 (for programs).`,
    );
  }
  return advance === "1" ? "chromium" : "program";
}

/** Whether a reader wants to be told every 3 s that the stream still stands. Its `Accept` is no other view: browsers ask for none. */
export function wantsHeartbeats({ headers: { accept = "" } }: IncomingMessage): boolean {
  return accept.split(/\s*,\s*/).some((range) => range.replace(/\s/g, "") === STREAM_ACCEPT);
}

/** @throws {ThingError} `BAD_ARGUMENT`. */
export function variantOf(request: IncomingMessage): VariantOptions {
  const query = queryOf(request);
  const asked = Object.keys(LIMITS).filter((name) => query.has(name));
  return checkVariant(Object.fromEntries(asked.map((name) => [name, toNumber(query.get(name))])));
}

/** @throws {ThingError} `BAD_ARGUMENT`. */
export function checkVariant(options: VariantOptions): VariantOptions {
  for (const [name, { low, high, whole, unit }] of Object.entries(LIMITS)) {
    const value = new Map(Object.entries(options)).get(name);
    if (value === undefined) continue;
    if (!(value >= low && value <= high) || (whole && !Number.isInteger(value))) {
      throw new ThingError(
        "BAD_ARGUMENT",
        `'${name}' must be ${whole ? "an integer" : "a number"} from ${low} to ${high} (${unit}).`,
      );
    }
  }
  return options;
}

function toNumber(text: string | null): number {
  return text?.trim() ? Number(text) : Number.NaN;
}
