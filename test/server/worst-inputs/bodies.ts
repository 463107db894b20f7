import type { TSchema } from "typebox";

const MIB = 2 ** 20;

/** Fills a body of `bytes` with one text over and over. */
function filled(open: string, item: string, close: string, bytes = MIB - 64): string {
  const count = Math.floor((bytes - open.length - close.length) / (item.length + 1));
  return `${open}${Array(count).fill(item).join(",")}${close}`;
}

function nested(open: string, inner: string, close: string, levels: number): string {
  return open.repeat(levels) + inner + close.repeat(levels);
}

/** Bodies that hardly any schema takes: the widest, deepest, longest and most numerous, and such as are no JSON. */
export const WORST_BODIES: Readonly<Record<string, string>> = {
  "empty arrays": filled("[", "[]", "]"),
  "empty objects": filled("[", "{}", "]"),
  numbers: filled("[", "1", "]"),
  texts: filled("[", '""', "]"),
  "one text": JSON.stringify("x".repeat(MIB - 64)),
  "a text of escapes": `"${"\\u0000".repeat(170_000)}"`,
  "a number of many digits": "1".repeat(MIB - 64),
  "a fraction of many digits": `0.${"1".repeat(MIB - 64)}`,
  "as deep as may be": filled("[", nested("[", "0", "]", 60), "]"),
  "deeper than may be": nested("[", "", "]", 500_000),
  "deep objects": nested('{"a":', "0", "}", 150_000),
  "many members": `{${Array.from({ length: 70_000 }, (_, n) => `"key${n}":0`).join(",")}}`,
  "one member's long name": `{${JSON.stringify("k".repeat(MIB - 64))}:0}`,
  "text without an end": `"${"x".repeat(MIB - 64)}`,
  "arrays without an end": "[".repeat(MIB - 64),
  dots: JSON.stringify("a.".repeat(500_000)),
  blanks: " ".repeat(MIB - 64),
  nothing: "",
};

/** The worst values that a schema takes, as JSON texts. */
export function worstLegal(schema: TSchema | undefined): string[] {
  return [0, 1].map((variant) => JSON.stringify(valueFor(schema ?? {}, variant, 0)));
}

/** And with each member of an object in turn as no schema has it, within the body's limit. */
export function worstMembers(schema: TSchema | undefined): string[] {
  const members = Object.keys(Object(Object(schema).properties));
  return members.map((name, n) => {
    const whole = { ...Object(valueFor(schema ?? {}, 0, 0)), [name]: "?" };
    const worst = [WORST_BODIES["empty objects"]!, WORST_BODIES.dots!, WORST_BODIES.numbers!];
    const text = worst[n % worst.length]!;
    return JSON.stringify(whole).replace('"?"', () => shortened(text, 300));
  });
}

/** The same kind of text, by some bytes shorter. */
function shortened(text: string, bytes: number): string {
  const cut = text.slice(0, text.length - 1 - bytes);
  if (text.endsWith('"')) return `${cut}"`;
  return `${cut.slice(0, cut.lastIndexOf(","))}]`;
}

function valueFor(schema: TSchema, variant: number, depth: number): unknown {
  const one: Record<string, unknown> = { ...schema };
  if (one.const !== undefined) return one.const;
  if (Array.isArray(one.enum)) return one.enum[variant % one.enum.length];
  for (const key of ["anyOf", "oneOf", "allOf"]) {
    const choices = one[key];
    if (Array.isArray(choices)) return valueFor(choices[variant % choices.length], variant, depth);
  }
  if (one.type === "object") return objectFor(one, variant, depth);
  if (one.type === "array") return arrayFor(one, variant, depth);
  if (one.type === "string") return textFor(one, variant);
  if (one.type === "number" || one.type === "integer") {
    const [low, high] = [one.minimum ?? one.exclusiveMinimum, one.maximum];
    return Number(variant === 0 ? (high ?? 1) : (low ?? 0)) + (one.exclusiveMinimum === 0 ? 1 : 0);
  }
  if (one.type === "boolean") return variant === 0;
  return depth === 0 ? Array(variant === 0 ? 200_000 : 1).fill([]) : null;
}

function objectFor(schema: Record<string, unknown>, variant: number, depth: number): object {
  const { properties, required, patternProperties, additionalProperties } = schema;
  const needed = new Set(Array.isArray(required) ? required : []);
  const members = Object.entries(Object(properties))
    .filter(([name]) => variant === 0 || needed.has(name))
    .map(([name, member]) => [name, valueFor(member as TSchema, variant, depth + 1)]);
  const isOpen = patternProperties !== undefined || typeof additionalProperties === "object";
  const extra =
    isOpen && variant === 0 ? Array.from({ length: 20_000 }, (_, n) => [`m${n}`, 0]) : [];
  return Object.fromEntries([...members, ...extra]);
}

function arrayFor(schema: Record<string, unknown>, variant: number, depth: number): unknown[] {
  const { items, maxItems, minItems } = schema;
  if (Array.isArray(items)) return items.map((item) => valueFor(item, variant, depth + 1));
  const most = Number(maxItems ?? (depth > 1 ? 10 : 20_000));
  const count = variant === 0 ? most : Number(minItems ?? 0);
  const item = valueFor(Object(items), variant, depth + 1);
  return Array(Math.min(count, 20_000)).fill(item);
}

function textFor({ maxLength, minLength, format }: Record<string, unknown>, variant: number) {
  if (format === "uri") return `http://127.0.0.1:9/${"x".repeat(variant === 0 ? 2000 : 1)}`;
  return "x".repeat(variant === 0 ? Number(maxLength ?? 200_000) : Number(minLength ?? 0));
}
