import { ThingError } from "../../base/errors.ts";

/**
 * Values that are sent as Python pickles: `None`, booleans, numbers, strings, bytes, lists, tuples and dictionaries. An
 * integer beyond 2^53 is a bigint.
 */
export type PythonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PythonValue[]
  | { [key: string]: PythonValue };

/** Limits of a value: depth, number of parts, bytes of strings. */
const MAX_DEPTH = 64;
const MAX_PARTS = 100_000;
const MAX_BYTES = 16 * 2 ** 20;

/** The error for a message, or a value in it, that the protocol does not allow. */
export function badMessage(sentence: string): ThingError {
  return new ThingError("BAD_MESSAGE", sentence);
}

/**
 * Checks that a value is a tree of bounded size. A few bytes of a pickle can nest the same list repeatedly, even in itself, so
 * that walking it would never end.
 * @throws {ThingError} `BAD_MESSAGE`
 */
export function requireBounded(value: PythonValue): void {
  let parts = 0;
  let bytes = 0;
  const visit = (part: PythonValue, depth: number): void => {
    if (depth > MAX_DEPTH) {
      throw badMessage(`The value is nested deeper than ${MAX_DEPTH} levels, or contains itself.`);
    }
    if (++parts > MAX_PARTS) {
      throw badMessage(`The value has more than ${MAX_PARTS} parts. Send less as meta.`);
    }
    if (typeof part === "string" || part instanceof Uint8Array) bytes += part.length;
    else if (Array.isArray(part)) for (const item of part) visit(item, depth + 1);
    else if (typeof part === "object" && part !== null) {
      for (const [key, item] of Object.entries(part)) {
        bytes += key.length;
        visit(item, depth + 1);
      }
    }
    if (bytes > MAX_BYTES) {
      throw badMessage(`The value has more than ${MAX_BYTES} bytes of text. Send less as meta.`);
    }
  };
  visit(value, 0);
}

/** The value for JSON: bytes in base64, large integers as strings, and `null` for NaN and infinity. */
export function toJson(value: PythonValue): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, toJson(part)]));
}
