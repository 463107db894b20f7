import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import type { TSchema } from "typebox";
import { messageOf, ThingError } from "../base/errors.ts";
import { faultsOf, sentenceOf } from "./faults.ts";

// One instance compiles each schema once. Its strict mode finds an author's typing error ("minimun"); a default
// where ajv would not fill one in is no error: a Thing Description has it for its readers.
const ajv = new Ajv({
  strictSchema: "log",
  strictTypes: false,
  strictTuples: false,
  allErrors: true,
  useDefaults: true,
  logger: { log() {}, warn: refuseUnlessDefault, error: refuseUnlessDefault },
});

function refuseUnlessDefault(complaint: unknown): void {
  const text = String(complaint).replace("strict mode: ", "");
  if (!text.startsWith("default is ignored")) throw new TypeError(text);
}

// What a TD's DataSchema knows beyond JSON Schema.
ajv.addVocabulary(["unit", "titles", "descriptions"]);
formats.default(ajv);

const compiled = new WeakMap<TSchema, ValidateFunction>();

/**
 * `value`, once it has been found to fit `schema`.
 * @param what - Begins the error's sentence, e.g. `Property 'exposure' of Thing 'camera'`.
 * @throws {ThingError} `INVALID_INPUT` with each fault.
 */
export function accept(schema: TSchema, value: unknown, what: string): unknown {
  const errors = errorsIn(schema, value);
  if (errors.length === 0) return value;
  const faults = faultsOf(errors, value);
  throw new ThingError("INVALID_INPUT", `${what} was not set: ${sentenceOf(faults)}.`, { faults });
}

/** What is wrong with `value`, nothing when it fits. Missing members that have a default are filled in, in place. */
export function errorsIn(schema: TSchema, value: unknown): ErrorObject[] {
  const validate = validatorOf(schema);
  return validate(value) ? [] : [...(validate.errors ?? [])];
}

/** @throws {ThingError} `BAD_ARGUMENT` for a schema that is none, naming what it belongs to. */
export function checkSchema(schema: TSchema, what: string): void {
  try {
    validatorOf(schema);
  } catch (cause) {
    throw new ThingError(
      "BAD_ARGUMENT",
      `The schema of ${what} cannot be used: ${messageOf(cause)}.`,
      { cause },
    );
  }
}

/** The same object schema, refusing members that it does not name, unless it says otherwise itself. */
export function closed(schema: TSchema): TSchema {
  const object = schema as TSchema & { type?: string; additionalProperties?: unknown };
  if (object.type !== "object" || object.additionalProperties !== undefined) return schema;
  const found = closedSchemas.get(schema) ?? { ...schema, additionalProperties: false };
  closedSchemas.set(schema, found);
  return found;
}
const closedSchemas = new WeakMap<TSchema, TSchema>();

function validatorOf(schema: TSchema): ValidateFunction {
  const known = compiled.get(schema);
  if (known) return known;
  const validate = ajv.compile(schema);
  compiled.set(schema, validate);
  return validate;
}
