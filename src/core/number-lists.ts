import type { TSchema } from "typebox";
import { isRecord } from "../base/values.ts";
import { isNumberArray, type NumberArray } from "./json-value.ts";

const WORDS = ["title", "description", "unit", "default", "examples", "readOnly", "writeOnly"];
const OF_LIST = new Set(["type", "items", "minItems", "maxItems", ...WORDS]);
const OF_NUMBER = new Set(["type", "minimum", "maximum", ...WORDS]);

/**
 * Whether the copy of a typed array, whose numbers are finite, is known to fit a schema of a list of numbers. False where the schema
 * says more than that, or the copy does not fit: then each number has to be looked at.
 * @param copy - What is told: the array may share its memory with a worker that writes.
 */
export function fitsAsNumbers(schema: TSchema, value: unknown, copy: unknown): boolean {
  if (!isNumberArray(value) || !Array.isArray(copy) || !hasOnly(schema, OF_LIST)) return false;
  const { type, items, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  if (type !== "array" || !isNumber(minItems) || !isNumber(maxItems)) return false;
  if (copy.length < minItems || copy.length > maxItems) return false;
  return hasOnly(items, OF_NUMBER) && areWithin(items, value, copy);
}

function areWithin(
  items: Record<string, unknown>,
  value: NumberArray,
  copy: readonly number[],
): boolean {
  const { type, minimum, maximum } = items;
  const isFit =
    type === "number" ||
    (type === "integer" && !(value instanceof Float32Array || value instanceof Float64Array));
  if (!isFit) return false;
  if (minimum === undefined && maximum === undefined) return true;
  const [least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY] = [minimum, maximum];
  if (!isNumber(least) || !isNumber(most)) return false;
  for (let at = 0; at < copy.length; at++)
    if (!(copy[at]! >= least && copy[at]! <= most)) return false;
  return true;
}

function hasOnly(schema: unknown, known: ReadonlySet<string>): schema is Record<string, unknown> {
  return isRecord(schema) && Object.keys(schema).every((key) => known.has(key));
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}
