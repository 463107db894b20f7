import { isRecord } from "../base/values.ts";

/** A JSON object whose members are yet to be looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function objectOf(value: unknown): JsonObject {
  return isRecord(value) ? value : {};
}

/** The items of a list; of anything else none. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Members that are one text or a list of texts, as `op` in a form. */
export function textsOf(value: unknown): string[] {
  const items = typeof value === "string" ? [value] : listOf(value);
  return items.filter((item) => typeof item === "string");
}

/** True for `application/json` and its relatives, e.g. `application/td+json; charset=utf-8`. */
export function isJsonType(contentType: string): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(contentType);
}
