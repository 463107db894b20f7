import { Type } from "typebox";
import { ThingError } from "../base/errors.ts";

/** Where in a Thing's life or members the fault is. `settings` is the getter of a setting, read when it is saved. */
export const FAULT_PLACES = [
  "constructor",
  "open",
  "close",
  "getter",
  "setter",
  "action",
  "event",
  "settings",
] as const;

/**
 * What goes wrong: it throws, returns a promise that rejects, or one that never settles; it returns NaN, an object that
 * contains itself, a BigInt, undefined, or 16 MB of text; it logs, notifies and emits ten thousand times; it blocks the event
 * loop, for two seconds by default.
 */
export const FAULT_KINDS = [
  "throws",
  "rejects",
  "hangs",
  "nan",
  "cyclic",
  "bigint",
  "undefined",
  "huge",
  "floods",
  "blocks",
] as const;

/** One of `FAULT_PLACES`. */
export type FaultPlace = (typeof FAULT_PLACES)[number];
/** One of `FAULT_KINDS`. */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** One thing that goes wrong in a Thing. */
export interface Fault {
  readonly at: FaultPlace;
  readonly kind: FaultKind;
  /** The property, action or event; the first of its kind when absent. */
  readonly member?: string;
  /** For `blocks`, ms: 2000. */
  readonly blocksMs?: number;
}

/** A schema that accepts every value, so that a fault's value gets as far as possible. */
export const Anything = Type.Unknown();

/** The message of a fault's errors. */
export const FAULT_MESSAGE = "The cable was pulled.";

const HUGE_BYTES = 16 * 1024 * 1024;

/** Performs the fault: throws, or returns what no caller expects. */
export function misbehave({ kind, blocksMs = 2000 }: Pick<Fault, "kind" | "blocksMs">): unknown {
  switch (kind) {
    case "throws":
      throw new Error(FAULT_MESSAGE);
    case "rejects":
      return Promise.reject(new Error(FAULT_MESSAGE));
    case "hangs":
      return new Promise(() => {});
    case "nan":
      return Number.NaN;
    case "bigint":
      return 2n ** 64n;
    case "cyclic": {
      const own: Record<string, unknown> = {};
      own.self = own;
      return own;
    }
    case "huge":
      return "x".repeat(HUGE_BYTES);
    case "blocks":
      return block(blocksMs);
    case "floods":
    case "undefined":
      return undefined;
    default:
      throw new ThingError("BAD_ARGUMENT", `There is no fault '${kind satisfies never}'.`);
  }
}

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
