import { descriptionIn, titleIn } from "./languages.ts";

// What a Thing Description says, as far as pages use it. Servers may say anything: everything is looked at before it is used.

export type JsonObject = Readonly<Record<string, unknown>>;

/** What JSON Schema and the Thing Description say of a value. */
export interface Schema extends JsonObject {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly unit?: string;
  readonly readOnly?: boolean;
  readonly writeOnly?: boolean;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly contentEncoding?: string;
  readonly contentMediaType?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly items?: unknown;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
}

export interface Affordances {
  readonly properties: ReadonlyMap<string, Schema>;
  readonly actions: ReadonlyMap<string, JsonObject>;
  readonly events: ReadonlyMap<string, JsonObject>;
}

export function affordancesOf(td: JsonObject): Affordances {
  return {
    properties: membersOf(td.properties),
    actions: membersOf(td.actions),
    events: membersOf(td.events),
  };
}

/** What a Thing or an affordance is, by its `@type`: always a list. */
export function typesOf({ "@type": types }: JsonObject): readonly string[] {
  const list = Array.isArray(types) ? types : [types];
  return list.filter((type) => typeof type === "string");
}

/** A longer title is a description. */
const LONGEST_TITLE = 160;

/** What is shown as the name: the title, else the name in words. */
export function titleOf(name: string, described: JsonObject): string {
  const title = titleIn(described);
  const isName = title !== undefined && title !== name && !isSentence(title, described);
  const whole = isName ? title : inWords(name);
  return whole.length > LONGEST_TITLE ? `${whole.slice(0, LONGEST_TITLE)}…` : whole;
}

/** LabThings has the first sentence of the description as the title. */
function isSentence(title: string, described: JsonObject): boolean {
  return title.endsWith(".") && (descriptionIn(described) ?? "").startsWith(title);
}

function inWords(name: string): string {
  const words = name
    .replaceAll(/[_-]+/g, " ")
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .trim();
  // An axis is x, not X.
  if (words.length === 1) return words;
  const [, what = words, unit = ""] = /^(.+) (\w{2})$/.exec(words) ?? [];
  const shown = UNITS_IN_NAMES.get(unit);
  const title = shown === undefined ? words : `${what}, ${shown}`;
  return title.charAt(0).toUpperCase() + title.slice(1);
}

/** Of names such as `step_size_um`. */
const UNITS_IN_NAMES: ReadonlyMap<string, string> = new Map([
  ["um", "µm"],
  ["us", "µs"],
  ["mm", "mm"],
  ["nm", "nm"],
  ["ms", "ms"],
]);

const roots = new WeakMap<JsonObject, JsonObject>();

/** Where the references of a schema in a description lead to: its own definitions, or the description. The same object each time. */
export function rootOf(td: JsonObject, schema: JsonObject): JsonObject {
  const { $defs, definitions } = schema;
  if ($defs === undefined && definitions === undefined) return td;
  const root = roots.get(schema) ?? { ...td, ...schema };
  roots.set(schema, root);
  return root;
}

/** The streams of a Thing: where each has a page that shows it. */
export function streamsOf({ links }: JsonObject, base: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(links) ? links : [];
  return list.flatMap((link) => {
    const { rel, type, href } = Object(link);
    const isStream = rel === "alternate" && String(type).startsWith("multipart/x-mixed-replace");
    return isStream && typeof href === "string" ? [new URL(href, base).href] : [];
  });
}

function membersOf(members: unknown): ReadonlyMap<string, Schema> {
  return new Map(
    Object.entries(Object(members)).filter(
      (entry): entry is [string, Schema] => typeof entry[1] === "object" && entry[1] !== null,
    ),
  );
}
