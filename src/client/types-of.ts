import { isRecord } from "../base/values.ts";
import { type JsonObject, listOf, objectOf, textOf, textsOf } from "./json.ts";

/**
 * The text of a `.d.ts` file with the types of a Thing, for `ThingClient.connect<Camera>(url)`: a script is then
 * checked against the instrument that it is for. `thingscope types URL` prints it.
 *
 * @param td - A Thing Description of any server.
 */
export function typesOf(td: JsonObject): string {
  const title = textOf(td.title) ?? "Thing";
  const description = textOf(td.description) ?? "";
  const members = [
    ...group("properties", td.properties, propertyOf),
    ...group("actions", td.actions, actionOf),
    ...group("events", td.events, ({ data }) => ({ type: typeOf(data, 2, "received") })),
  ];
  const body = [
    ...comment(`${title}${description && `: ${description}`}`, ""),
    `export interface ${interfaceName(title)} {`,
    ...members,
    "}",
  ].join("\n");
  const usesBlobs = /\bRemoteBlob\b/.test(members.join("\n").replaceAll(/\/\*\*.*\*\//g, ""));
  return `${usesBlobs ? IMPORT : ""}${body}\n`;
}

const IMPORT = `import type { RemoteBlob } from ${JSON.stringify("thingscope/client")};\n\n`;

/** Whether a value is sent by this side, or received from the other. */
type Direction = "sent" | "received";

interface Member {
  readonly type: string;
  readonly isReadOnly?: boolean;
}

function group(
  name: string,
  affordances: unknown,
  memberOf: (raw: JsonObject) => Member,
): string[] {
  const members = Object.entries(objectOf(affordances)).flatMap(([key, value]) => {
    const raw = objectOf(value);
    const { type, isReadOnly } = memberOf(raw);
    return [
      ...comment(wordsOn(raw), "    "),
      `    ${isReadOnly ? "readonly " : ""}${memberName(key)}: ${type};`,
    ];
  });
  return members.length > 0 ? [`  ${name}: {`, ...members, "  };"] : [`  ${name}: {};`];
}

function propertyOf(raw: JsonObject): Member {
  const ops = listOf(raw.forms).map((form) => textsOf(objectOf(form).op));
  const hasWrite = ops.some((op) => op.length === 0 || op.includes("writeproperty"));
  return { type: typeOf(raw, 2, "received"), isReadOnly: raw.readOnly === true || !hasWrite };
}

function actionOf({ input, output, forms }: JsonObject): Member {
  const given = input === undefined ? "undefined" : inputOf(input);
  const members = [`input: ${given};`, `output: ${outputOf(output, forms)};`];
  return { type: ["{", ...members.map((member) => `      ${member}`), "    }"].join("\n") };
}

/** An input of which nothing is required may be left out. */
function inputOf(schema: unknown): string {
  const type = typeOf(schema, 3, "sent");
  const choices = [schema, ...listOf(objectOf(schema).oneOf)].map(objectOf);
  const mayBeEmpty = choices.some(
    (choice) => choice.type === "object" && listOf(choice.required).length === 0,
  );
  return mayBeEmpty ? `${type} | undefined` : type;
}

/** Without a schema, an answer in another type than JSON is a file. */
function outputOf(schema: unknown, forms: unknown): string {
  if (schema !== undefined) return typeOf(schema, 3, "received");
  const [form] = listOf(forms).map(objectOf);
  const answered = textOf(objectOf(form?.response).contentType) ?? "application/json";
  return answered.includes("json") ? "undefined" : "RemoteBlob";
}

/** A data schema as a type; `depth` is how far it is indented. */
function typeOf(schema: unknown, depth: number, direction: Direction): string {
  if (!isRecord(schema)) return "unknown";
  const { type, oneOf, anyOf } = schema;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return union(schema.enum.map((value) => JSON.stringify(value)));
  const choices = [...listOf(oneOf), ...listOf(anyOf)];
  if (choices.length > 0) return union(choices.map((choice) => typeOf(choice, depth, direction)));
  if (Array.isArray(type)) {
    return union(type.map((one) => typeOf({ ...schema, type: one }, depth, direction)));
  }
  switch (type) {
    case "integer":
    case "number":
      return "number";
    case "string":
    case "boolean":
    case "null":
      return type;
    case "array":
      return arrayOf(schema, depth, direction);
    case "object":
      return objectTypeOf(schema, depth, direction);
    default:
      return schema.properties === undefined ? "unknown" : objectTypeOf(schema, depth, direction);
  }
}

function arrayOf(
  { items, minItems, maxItems }: JsonObject,
  depth: number,
  direction: Direction,
): string {
  if (Array.isArray(items)) {
    return `[${items.map((item) => typeOf(item, depth, direction)).join(", ")}]`;
  }
  const item = typeOf(items, depth, direction);
  const isTuple = typeof minItems === "number" && minItems === maxItems && minItems <= 8;
  if (isTuple) return `[${Array.from({ length: minItems }, () => item).join(", ")}]`;
  return /[|&\s]/.test(item) ? `Array<${item}>` : `${item}[]`;
}

function objectTypeOf(schema: JsonObject, depth: number, direction: Direction): string {
  const properties = objectOf(schema.properties);
  if ("href" in properties && "media_type" in properties) return "RemoteBlob";
  const required = listOf(schema.required);
  const indent = "  ".repeat(depth + 1);
  const members = Object.entries(properties).flatMap(([name, member]) => {
    const raw = objectOf(member);
    const isThere = required.includes(name) || (direction === "received" && "default" in raw);
    return [
      ...comment(wordsOn(raw), indent),
      `${indent}${memberName(name)}${isThere ? "" : "?"}: ${typeOf(member, depth + 1, direction)};`,
    ];
  });
  const others = schema.additionalProperties;
  if (members.length === 0) {
    return others === false
      ? "Record<string, never>"
      : `Record<string, ${typeOf(others, depth, direction)}>`;
  }
  return ["{", ...members, `${"  ".repeat(depth)}}`].join("\n");
}

function union(types: readonly string[]): string {
  const distinct = [...new Set(types)];
  return distinct.includes("unknown") || distinct.length === 0 ? "unknown" : distinct.join(" | ");
}

/** What a reader wants to know of a value: its meaning, unit and limits. */
function wordsOn(raw: JsonObject): string {
  const { title, description, unit, minimum, maximum } = raw;
  const limits = [
    ...(typeof minimum === "number" ? [`at least ${minimum}`] : []),
    ...(typeof maximum === "number" ? [`at most ${maximum}`] : []),
  ];
  const details = [...(typeof unit === "string" ? [unit] : []), ...limits].join(", ");
  const words = textOf(description) || textOf(title) || "";
  return details ? `${words} (${details})`.trim() : words;
}

/** A description comes from elsewhere: it must not end its comment, nor the line. */
function comment(words: string, indent: string): string[] {
  const safe = words.replaceAll("*/", "* /").replaceAll(/\s+/g, " ").trim();
  return safe ? [`${indent}/** ${safe} */`] : [];
}

function memberName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/** `Demo camera` becomes `DemoCamera`. */
function interfaceName(title: string): string {
  const words = title.match(/[A-Za-z0-9]+/g) ?? [];
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  return /^[A-Za-z]/.test(name) ? name : `Thing${name}`;
}
