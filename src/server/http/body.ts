import type { IncomingMessage } from "node:http";
import type { TSchema } from "typebox";
import { type InputFault, ThingError } from "../../base/errors.ts";
import { quoted } from "../../base/preview.ts";
import { errorsIn } from "../../core/schema.ts";
import { type BodyLimits, readBody, unsupported } from "./body-bytes.ts";
import { awaitsContinue } from "./continue.ts";
import { parseJson } from "./json.ts";

const JSON_TYPE = /^application\/(json|[\w.+-]+\+json)$/;
/** What pages send a bare value as, OpenFlexure's among them: axios calls `false` a form. */
const SCALAR_TYPES: ReadonlySet<string> = new Set([
  "",
  "text/plain",
  "application/x-www-form-urlencoded",
]);
const MAX_LEVELS = 64;

/**
 * The JSON value of a body, `undefined` when there is no body. A form of another page cannot send this type
 * without asking, so nothing else is taken.
 * @throws {ThingError} `UNSUPPORTED_MEDIA_TYPE`, `INVALID_INPUT`, `BODY_TOO_LARGE`, `BODY_TOO_SLOW`.
 */
export async function readJson(
  request: IncomingMessage,
  limits: BodyLimits = {},
): Promise<unknown> {
  const type = mediaTypeOf(request);
  const isJson = JSON_TYPE.test(type);
  if (!isJson && type !== "") {
    await assertEmpty(
      request,
      limits,
      unsupported(`the content type '${quoted(type)}'`, "Send JSON as application/json"),
    );
    return undefined;
  }
  const text = await readText(request, limits);
  if (text === "") return undefined;
  if (!isJson) throw unsupported("no content type", "Send JSON as application/json");
  return parsed(text);
}

/**
 * The new value of a property: JSON, or a bare scalar as text. Text is what it says as JSON when `schema` takes that,
 * otherwise the text itself, so that `5` is a number for a number and a string for a string.
 * @throws {ThingError} `UNSUPPORTED_MEDIA_TYPE`, `INVALID_INPUT`, `BODY_TOO_LARGE`, `BODY_TOO_SLOW`.
 */
export async function readPropertyValue(
  request: IncomingMessage,
  schema: TSchema = {},
  limits: BodyLimits = {},
): Promise<unknown> {
  const type = mediaTypeOf(request);
  const isJson = JSON_TYPE.test(type);
  if (!isJson && !SCALAR_TYPES.has(type)) {
    const instead = "Send a value as application/json, or a bare scalar as text";
    await assertEmpty(request, limits, unsupported(`the content type '${quoted(type)}'`, instead));
    throw missing();
  }
  const text = await readText(request, limits);
  if (text === "" && (isJson || type === "")) throw missing();
  return isJson ? parsed(text) : scalarIn(text, schema);
}

/** The media type of a body without parameters, lower case; `""` when the request names none. */
function mediaTypeOf({ headers }: IncomingMessage): string {
  return (headers["content-type"] ?? "").split(";")[0]!.trim().toLowerCase();
}

/** No body is of no type, whatever a client says of it: aiohttp and curl name one all the same. */
async function assertEmpty(
  request: IncomingMessage,
  limits: BodyLimits,
  otherwise: ThingError,
): Promise<void> {
  if (awaitsContinue(request)) throw otherwise;
  try {
    await readBody(request, { ...limits, limit: 0 });
  } catch (error) {
    throw error instanceof ThingError && error.code === "BODY_TOO_LARGE" ? otherwise : error;
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

async function readText(request: IncomingMessage, limits: BodyLimits): Promise<string> {
  const bytes = await readBody(request, limits);
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    const fault = { type: "string_unicode", loc: ["body"], msg: "Body should be valid UTF-8" };
    throw new ThingError("INVALID_INPUT", "The body is not text in UTF-8.", {
      cause,
      faults: [fault],
    });
  }
}

function parsed(text: string): unknown {
  const json = parseJson(text);
  if ("errorAt" in json) throw notJson(text, json.errorAt);
  if (json.inexact !== undefined) throw inexact(json.inexact);
  if (isDeeper(json.value, MAX_LEVELS)) throw tooDeep();
  return json.value;
}

function scalarIn(text: string, schema: TSchema): unknown {
  const json = parseJson(text);
  const value = "value" in json ? json.value : text;
  if (typeof value === "object" && value !== null) {
    throw unsupported("an object or array as text", "Send it as application/json");
  }
  const isText = errorsIn(schema, text).length === 0;
  const number = "inexact" in json ? json.inexact : undefined;
  if (number !== undefined && !isText) throw inexact(number);
  return isText && (number !== undefined || errorsIn(schema, value).length > 0) ? text : value;
}

/** Of a parsed text, which may have half a million lists: without a list of the members of each. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) {
    for (const item of value)
      if (typeof item === "object" && isDeeper(item, levels - 1)) return true;
    return false;
  }
  for (const name in value) if (isDeeper(Reflect.get(value, name), levels - 1)) return true;
  return false;
}

function notJson(text: string, position: number): ThingError {
  const fault: InputFault = {
    type: "json_invalid",
    loc: ["body", position],
    msg: "JSON decode error",
  };
  const found = position < text.length ? JSON.stringify(text[position]) : "the end";
  return new ThingError(
    "INVALID_INPUT",
    `The body is not JSON: at character ${position} there is ${found}.`,
    { faults: [fault] },
  );
}

function inexact(what: string): ThingError {
  const fault = { type: "int_parsing_size", loc: ["body"], msg: "Input has a number out of range" };
  return new ThingError("INVALID_INPUT", `The body has ${what}.`, { faults: [fault] });
}

function tooDeep(): ThingError {
  const fault = { type: "recursion_limit", loc: ["body"], msg: "Input is nested too deeply" };
  return new ThingError(
    "INVALID_INPUT",
    `The body nests arrays or objects more than ${MAX_LEVELS} levels deep. Send a flatter value.`,
    { faults: [fault] },
  );
}

function missing(): ThingError {
  const fault = { type: "missing", loc: ["body"], msg: "Field required" };
  return new ThingError("INVALID_INPUT", "The request has no body. Send the new value as JSON.", {
    faults: [fault],
  });
}
