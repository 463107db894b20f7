import type { JsonObject, Schema } from "./td.ts";

/** What can be done with a property. */
export interface PropertyAccess {
  readonly isReadable: boolean;
  readonly isWritable: boolean;
  /** The type of the picture that it is, where it is no value: `image/jpeg`, `multipart/x-mixed-replace`. */
  readonly picture: string | undefined;
}

/** By what the description says, and by its forms: others leave out the one or the other. */
export function accessOf(schema: Schema): PropertyAccess {
  const { forms, readOnly, writeOnly } = schema;
  const list = (Array.isArray(forms) ? forms : [forms]).filter(isForm);
  const types = list
    .filter((form) => can(form, "readproperty"))
    .map((form) => typeOf(form).toLowerCase());
  const hasValue = types.length === 0 || types.some((type) => !isPicture(type));
  return {
    isReadable: writeOnly !== true && (list.length === 0 || types.length > 0),
    isWritable:
      readOnly !== true && (list.length === 0 || list.some((form) => can(form, "writeproperty"))),
    picture: hasValue ? undefined : types.find(isPicture),
  };
}

/** Why a property that is read-only now can be written at other times. */
export function whyReadOnly({ description = "" }: Schema): string | undefined {
  const [, why] = /\b(?:Read-only now|Inactive now): ([^\n]*)$/.exec(String(description)) ?? [];
  return why;
}

function isForm(form: unknown): form is JsonObject {
  return typeof form === "object" && form !== null;
}

function can({ op }: JsonObject, wanted: string): boolean {
  const ops = Array.isArray(op) ? op : [op];
  return op === undefined || ops.includes(wanted);
}

function typeOf({ response, contentType }: JsonObject): string {
  return String(Object(response).contentType ?? contentType ?? "application/json");
}

function isPicture(type: string): boolean {
  return type.startsWith("image/") || type.startsWith("multipart/");
}
