import type { Schema } from "../things/td.ts";
import { labelOf } from "./field-kinds.ts";

/** What was typed: a value, or why it is none. */
export type Read = { readonly value: unknown } | { readonly fault: string };

/** A number as people write it: with a point, an exponent, a true minus. */
export function readNumber(text: string): Read {
  const plain = text.trim().replaceAll("\u2212", "-").replaceAll(/[\s_]/g, "");
  if (plain === "") return { value: undefined };
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) {
    const value = Number(plain);
    if (isInexact(plain, value)) return { fault: inexactFault(plain, value) };
    if (Number.isFinite(value)) return { value };
  }
  if (/^[+-]?\d+,\d+$/.test(plain))
    return {
      fault: `'${text.trim()}' is not a number. Write a point: ${plain.replace(",", ".")}.`,
    };
  return { fault: `'${text.trim().slice(0, 40)}' is not a number.` };
}

/** Whether a whole number has digits that no number of a browser has. */
function isInexact(text: string, value: number): boolean {
  return /^[+-]?\d+$/.test(text) && Number.isFinite(value) && BigInt(text) !== BigInt(value);
}

function inexactFault(text: string, value: number): string {
  return `A browser cannot send ${text.slice(0, 40)} exactly, but ${BigInt(value)}. Whole numbers up to ${Number.MAX_SAFE_INTEGER} are exact.`;
}

/** Numbers one behind another, with commas, semicolons or spaces between. */
export function readNumbers(text: string): Read {
  const words = text.split(/[\s,;]+/).filter((word) => word !== "" && !/^[[\]]$/.test(word));
  const numbers: unknown[] = [];
  for (const word of words) {
    const read = readNumber(word.replaceAll(/^\[|\]$/g, ""));
    if ("fault" in read) return read;
    if (read.value !== undefined) numbers.push(read.value);
  }
  return { value: numbers };
}

/** Text where nobody knows which value is wanted: what looks like a number is one, `true` is true, and everything else a text. */
export function readFree(text: string): unknown {
  const plain = text.trim();
  if (plain === "") return undefined;
  if (/^(["[{]|true$|false$|null$)/.test(plain)) {
    try {
      return JSON.parse(plain);
    } catch {
      return text;
    }
  }
  const isNumber = /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i.test(plain);
  const value = Number(plain);
  const isExact = Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  return isNumber && isExact ? value : text;
}

/** What `readFree` makes the same value of. */
export function writeFree(value: unknown): string {
  if (value === undefined || value === "") return "";
  if (typeof value === "string") return readFree(value) === value ? value : JSON.stringify(value);
  return JSON.stringify(value);
}

/** What a read value is, in words. */
export function kindOfValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "boolean") return labelOf(value).toLowerCase();
  if (typeof value === "object") return "fields";
  return typeof value === "number" ? "a number" : "a text";
}

/** RFC 3339 as `<input type="datetime-local">` wants it, in the time of this computer; empty for what is no time. */
export function localTime(text: unknown): string {
  const date = new Date(typeof text === "string" ? text : Number.NaN);
  if (Number.isNaN(date.getTime())) return "";
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19);
}

/** And back: in UTC. */
export function timeFrom(local: string): string | undefined {
  const date = new Date(local);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace(".000Z", "Z");
}

/** Whether a text may have several lines. */
export function isLong({ format, maxLength, contentMediaType }: Schema, value: unknown): boolean {
  if (format === "multiline" || format === "textarea") return true;
  if (contentMediaType?.startsWith("text/")) return true;
  return (maxLength ?? 0) > 200 || (typeof value === "string" && /\n|.{120}/.test(value));
}
