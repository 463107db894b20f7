import type { Schema } from "../things/td.ts";
import { isObject, soundSchema } from "./sound-schema.ts";

/** How a value is shown. */
export type Shown =
  | { readonly as: "nothing" | "text" | "numbers" | "words" | "list" | "fields" }
  | { readonly as: "curve"; readonly curve: Curve }
  | { readonly as: "table"; readonly columns: readonly string[] };

/** Numbers over numbers. */
export interface Curve {
  readonly x?: readonly number[];
  readonly y: readonly (number | null)[];
  readonly xLabel: string;
  readonly yLabel: string;
}

/** So many numbers are read, more are drawn. */
const MOST_READ = 8;
const MOST_COLUMNS = 12;
const MOST_WORDS = 400;

/** @param schema - As `soundSchema` makes it. */
export function shownAs(value: unknown, schema: Schema, root: unknown): Shown {
  if (value === undefined) return { as: "nothing" };
  if (Array.isArray(value)) return listShownAs(value, schema, root);
  return { as: isObject(value) ? "fields" : "text" };
}

/** Whether a value needs more room than the end of a line. */
export function isWide(value: unknown, schema: Schema, root: unknown): boolean {
  const { as } = shownAs(value, schema, root);
  if (as === "fields") return Object.keys(Object(value)).length > 0;
  if (typeof value === "string") return value.length > 60 || pictureIn(value, schema) !== undefined;
  return as === "curve" || as === "table" || as === "list";
}

function listShownAs(list: readonly unknown[], schema: Schema, root: unknown): Shown {
  if (list.length === 0) return { as: "words" };
  const { items } = schema;
  const inner = soundSchema(Array.isArray(items) ? items[0] : items, root);
  if (areNumbers(list)) {
    if (list.length <= MOST_READ) return { as: "numbers" };
    return { as: "curve", curve: { y: list, xLabel: "", yLabel: inner.unit ?? "" } };
  }
  const curve = pointsIn(list, inner, root) ?? linesIn(list, schema, root);
  if (curve) return { as: "curve", curve };
  if (list.every(isObject)) {
    const columns = [...new Set(list.flatMap((row) => Object.keys(row)))];
    if (columns.length > 0 && columns.length <= MOST_COLUMNS) return { as: "table", columns };
  }
  const isShort = list.every((item) => typeof item !== "object" || item === null);
  return { as: isShort && list.join(", ").length <= MOST_WORDS ? "words" : "list" };
}

/** `[{x: 1, y: 2}, ...]` or `[[1, 2], ...]`. */
function pointsIn(list: readonly unknown[], inner: Schema, root: unknown): Curve | undefined {
  if (list.length < 3) return undefined;
  if (list.every(isObject)) {
    const names = Object.keys(list[0] ?? {});
    const [x, y] = names.length === 2 ? names : [];
    const isPoint = x !== undefined && y !== undefined && /^(x|y|z|t|time|position)$/i.test(x);
    if (!isPoint) return undefined;
    const [along, up] = [list.map((it) => it[x]), list.map((it) => it[y])];
    if (!areNumbers(along) || !areNumbers(up)) return undefined;
    const unit = (name: string) => soundSchema(inner.properties?.[name], root).unit ?? "";
    const label = (name: string) => [name, unit(name)].filter(Boolean).join(" ");
    return { x: along, y: up, xLabel: label(x), yLabel: label(y) };
  }
  const isPairs = list.every((it) => Array.isArray(it) && it.length === 2 && areNumbers(it));
  if (!isPairs) return undefined;
  const pairs = list as readonly (readonly [number, number])[];
  return { x: pairs.map(([x]) => x), y: pairs.map(([, y]) => y), xLabel: "", yLabel: "" };
}

/** `[[1, 2, 3], [4, 5, 6]]`: the second over the first. */
function linesIn(list: readonly unknown[], { items }: Schema, root: unknown): Curve | undefined {
  const [x, y] = list;
  const areLines = list.length === 2 && Array.isArray(x) && Array.isArray(y);
  if (!areLines || x.length !== y.length || x.length < 3) return undefined;
  if (!areNumbers(x) || !areNumbers(y)) return undefined;
  const labels = [0, 1].map((n) => {
    const inner = soundSchema(Array.isArray(items) ? items[n] : items, root);
    return [inner.title, soundSchema(inner.items, root).unit].filter(Boolean).join(" ");
  });
  return { x, y, xLabel: labels[0] ?? "", yLabel: labels[1] ?? "" };
}

function areNumbers(list: readonly unknown[]): list is readonly number[] {
  return list.every((item) => typeof item === "number");
}

/** The picture that a text is: a data URL. Undefined for what is none. */
export function pictureIn(value: unknown, schema: Schema): string | undefined {
  if (typeof value !== "string") return undefined;
  if (/^data:image\/(png|jpeg|gif|webp|bmp|avif);base64,/.test(value)) return value;
  const { contentMediaType = "", contentEncoding } = schema;
  const isPicture = /^image\/(png|jpeg|gif|webp|bmp|avif)$/.test(contentMediaType);
  return isPicture && contentEncoding === "base64"
    ? `data:${contentMediaType};base64,${value}`
    : undefined;
}
