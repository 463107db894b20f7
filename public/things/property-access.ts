import { isJsonType } from "../../src/client/json.ts";
import { isPlainText } from "../../src/client/media-types.ts";
import { descriptionIn } from "./languages.ts";
import type { JsonObject, Schema } from "./td.ts";

/** What can be done with a property. */
export interface PropertyAccess {
  readonly isReadable: boolean;
  readonly isWritable: boolean;
  /** The media type of what it is where that is no value: `image/jpeg`, `application/octet-stream`. */
  readonly file: string | undefined;
  /** Why it can be neither read nor written here; undefined where it can. */
  readonly problem: string | undefined;
}

/** By what the description says, and by its forms: others leave out the one or the other. */
export function accessOf(schema: Schema): PropertyAccess {
  const { forms, readOnly, writeOnly } = schema;
  const all = (Array.isArray(forms) ? forms : [forms]).filter(isForm);
  const list = all.filter(isOverHttp);
  const types = list
    .filter((form) => can(form, "readproperty"))
    .map((form) => typeOf(form).toLowerCase());
  const hasValue = types.length === 0 || types.some(isValue);
  const isReadable = writeOnly !== true && types.length > 0;
  const isWritable = readOnly !== true && list.some((form) => can(form, "writeproperty"));
  return {
    isReadable,
    isWritable,
    file: hasValue ? undefined : types[0],
    problem: isReadable || isWritable ? undefined : noAccess(all, list),
  };
}

function noAccess(all: readonly JsonObject[], list: readonly JsonObject[]): string {
  if (list.length > 0) return "Its description has no form to read or write it.";
  const schemes = new Set(all.map(({ href }) => String(href).split(":")[0]));
  return schemes.size > 0
    ? `A browser cannot use it: it is offered over ${[...schemes].join(", ")} only.`
    : "Its description has no form.";
}

/** Why a property that is read-only now can be written at other times. */
export function whyReadOnly(schema: Schema): string | undefined {
  const [, why] =
    /\b(?:Read-only now|Inactive now): ([^\n]*)$/.exec(descriptionIn(schema) ?? "") ?? [];
  return why;
}

function isForm(form: unknown): form is JsonObject {
  return typeof form === "object" && form !== null;
}

function isOverHttp({ href }: JsonObject): boolean {
  return typeof href === "string" && (/^https?:/i.test(href) || !/^[a-z][a-z0-9+.-]*:/i.test(href));
}

function can({ op }: JsonObject, wanted: string): boolean {
  const ops = Array.isArray(op) ? op : [op];
  return op === undefined || ops.includes(wanted);
}

function typeOf({ response, contentType }: JsonObject): string {
  return String(Object(response).contentType ?? contentType ?? "application/json");
}

function isValue(type: string): boolean {
  return isJsonType(type) || isPlainText(type);
}
