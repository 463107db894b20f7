import { ClientError } from "./client-error.ts";
import { isJsonType, listOf, objectOf, textsOf } from "./json.ts";

/** True for `text/plain`, whatever its charset. */
export function isPlainText(contentType: string): boolean {
  return /^text\/plain\b/i.test(contentType.trim());
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** A plain text as the schema has it: a number or a boolean where it is one and the schema allows that, else the text. */
export function valueOfText(text: string, schema: unknown): unknown {
  const types = typesIn(schema);
  const word = text.trim();
  const isNumber = types.includes("number") || types.includes("integer");
  if (isNumber && DECIMAL.test(word) && Number.isFinite(Number(word))) return Number(word);
  if (types.includes("boolean") && /^(?:true|false)$/i.test(word)) return /^true$/i.test(word);
  if (types.includes("null") && word === "null") return null;
  return text;
}

export function isTextSchema(schema: unknown): boolean {
  return typesIn(schema).includes("string");
}

/**
 * What is sent of a value.
 * @throws {ClientError} `UNSUPPORTED` for a value that has no form in that media type.
 */
export function bodyOf({
  body,
  contentType = "application/json",
}: {
  readonly body?: unknown;
  readonly contentType?: string;
}): string | Uint8Array<ArrayBuffer> | null {
  if (body === undefined) return null;
  if (isJsonType(contentType)) return JSON.stringify(body);
  if (body instanceof Uint8Array) return new Uint8Array(body);
  const isScalar = typeof body !== "object" || body === null;
  const isText = /^(?:text\/|application\/(?:[\w.-]+\+)?xml\b)/i.test(contentType);
  if (isText && isScalar) return String(body);
  throw new ClientError(
    "UNSUPPORTED",
    `The Thing requires ${contentType}. This client sends JSON, single values as text, and bytes (Uint8Array) as they are.`,
  );
}

function typesIn(schema: unknown): string[] {
  const { type, oneOf } = objectOf(schema);
  return [...textsOf(type), ...listOf(oneOf).flatMap(typesIn)];
}
