import { Ajv, type ErrorObject, type Options, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import type { TSchema } from "typebox";
import { type InputFault, reasonOf, ThingError } from "../base/errors.ts";
import { isRecord } from "../base/values.ts";
import { faultsOf, notJsonFault, sentenceOf } from "./faults.ts";
import { jsonCopy, NotJson } from "./json-value.ts";
import { LinearPattern } from "./linear-pattern.ts";
import { plainSchema, schemasIn } from "./plain-schema.ts";
import { fitsScalar, isScalarSchema } from "./scalar-schema.ts";

/** A value with more parts than this is told its first fault alone: one of a megabyte may have a quarter of a million. */
const MOST_PARTS = 1000;
/** And one with more text, so that what its `maxLength` refuses is not held against its `pattern` all the same. */
const MOST_CHARACTERS = 10_000;

const regExp = Object.assign((source: string) => new LinearPattern(source), {
  code: "(source) => new LinearPattern(source)", // of an identity, for what ajv would print
});

// An instance compiles each schema once. Its strict mode finds an author's typing error ("minimun"); a default
// where ajv would not fill one in is no error: a Thing Description has it for its readers.
function newAjv(options: Options): Ajv {
  const ajv = new Ajv({
    strictSchema: "log",
    strictTypes: false,
    strictTuples: false,
    code: { regExp },
    logger: { log() {}, warn: refuseUnlessDefault, error: refuseUnlessDefault },
    ...options,
  });
  // What a TD's DataSchema knows beyond JSON Schema.
  ajv.addVocabulary(["unit", "titles", "descriptions"]);
  formats.default(ajv);
  // ajv's own compares each item with each other one.
  ajv.removeKeyword("uniqueItems");
  return ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    error: { message: "must NOT have duplicate items" },
    validate: (isWanted: boolean, items: unknown[]) => !isWanted || areDifferent(items),
  });
}

function refuseUnlessDefault(complaint: unknown): void {
  const text = String(complaint).replace("strict mode: ", "");
  if (!text.startsWith("default is ignored")) throw new TypeError(text);
}

/** What is given to a Thing, as a copy: whatever becomes of the original, this stays. */
interface Incoming {
  readonly value: unknown;
  /** What is wrong with it: that JSON cannot hold it, or what its schema refuses. */
  readonly faults: readonly InputFault[];
}

interface Edge {
  /**
   * Whether the Thing's own code gives it. Then no defaults are filled in, and what JSON cannot hold is taken as it is: who reads it
   * is told.
   */
  readonly isOwn?: boolean;
  /** Where the value is in what was sent, for its faults. */
  readonly root?: readonly string[];
}

/** Looks at a value where it enters, the one time that it is looked at on its way into a Thing. */
export function incoming(
  schema: TSchema,
  given: unknown,
  { isOwn = false, root = ["body"] }: Edge = {},
): Incoming {
  let value = given;
  try {
    value = jsonCopy(given);
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    if (!isOwn) return { value, faults: [notJsonFault(error, root)] };
  }
  const errors = isOwn ? misfitsIn(schema, value) : errorsIn(schema, value);
  return { value, faults: errors.length > 0 ? faultsOf(errors, value, root) : [] };
}

/**
 * The same, for what nobody goes on with unless it fits.
 * @param what - Begins the error's sentence, e.g. `Property 'exposure' of Thing 'camera'`.
 * @throws {ThingError} `INVALID_INPUT` with each fault.
 */
export function accept(schema: TSchema, given: unknown, what: string, edge?: Edge): unknown {
  const { value, faults } = incoming(schema, given, edge);
  if (faults.length === 0) return value;
  throw new ThingError("INVALID_INPUT", `${what} was not set: ${sentenceOf(faults)}.`, { faults });
}

/**
 * What is wrong with `value`, nothing when it fits; of a value with more than 1000 parts or 10,000 characters the first
 * fault alone. Missing members that have a default are filled in, in place.
 */
export function errorsIn(schema: TSchema, value: unknown): ErrorObject[] {
  return filling.errorsIn(schema, value);
}

/** The same, and `value` stays as it is: for what is somebody else's, and what must say what it has and no more. */
export function misfitsIn(schema: TSchema, value: unknown): ErrorObject[] {
  return looking.errorsIn(schema, value);
}

/**
 * @returns The schema as it is described and used: without references.
 * @throws {ThingError} `BAD_ARGUMENT`, naming what it belongs to, for a schema that is none, cannot be described, or contradicts itself.
 */
export function checkedSchema(schema: TSchema, what: string): TSchema {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema))
    throw new ThingError(
      "BAD_ARGUMENT",
      `The schema of ${what} is not an object. Write one, e.g. { type: "number" }.`,
    );
  try {
    const plain = plainSchema(schema);
    if (!isScalarSchema(plain)) looking.validatorOf(plain);
    for (const [where, inner] of schemasIn(plain)) checkSense(inner, where);
    return plain;
  } catch (cause) {
    throw new ThingError(
      "BAD_ARGUMENT",
      `The schema of ${what} cannot be used: ${reasonOf(cause)}.`,
      { cause },
    );
  }
}

/** A default that is refused, or bounds between which there is nothing, would be told as the fault of each client. */
function checkSense(schema: Record<PropertyKey, unknown>, where: string): void {
  const place = where === "" ? "" : ` at ${where}`;
  for (const [least, most] of BOUNDS) {
    const [low, high] = [schema[least], schema[most]];
    if (typeof low === "number" && typeof high === "number" && low > high)
      throw new TypeError(`${least} ${low} is greater than ${most} ${high}${place}`);
  }
  if ("$async" in schema) throw new TypeError(`it has $async${place}, which no client knows`);
  if (schema.default === undefined || schema.default === null) return;
  const faults = faultsOf(misfitsIn(schema as TSchema, schema.default), schema.default);
  if (faults.length > 0)
    throw new TypeError(`its default${place} does not fit it: ${sentenceOf(faults)}`);
}

const BOUNDS = [
  ["minimum", "maximum"],
  ["minLength", "maxLength"],
  ["minItems", "maxItems"],
  ["minProperties", "maxProperties"],
  ["exclusiveMinimum", "exclusiveMaximum"],
] as const;

/** The same object schema, refusing members that it does not name, unless it says otherwise itself. */
export function forbidAdditional(schema: TSchema): TSchema {
  const object = schema as TSchema & { type?: string; additionalProperties?: unknown };
  if (object.type !== "object" || object.additionalProperties !== undefined) return schema;
  const found = withoutAdditional.get(schema) ?? { ...schema, additionalProperties: false };
  withoutAdditional.set(schema, found);
  return found;
}

/** The input that an action accepts, for descriptions: no additional members, and what has a default may be left out. */
export function describedInput(schema: TSchema): TSchema {
  return withoutDefaultsRequired(forbidAdditional(schema));
}

function withoutDefaultsRequired(schema: TSchema): TSchema {
  const { required, properties, ...rest } = schema as TSchema & {
    required?: string[];
    properties?: Record<string, TSchema>;
  };
  if (!properties) return schema;
  const needed = required?.filter((name) => !("default" in (properties[name] ?? {}))) ?? [];
  const members = Object.entries(properties).map(
    ([name, member]) => [name, withoutDefaultsRequired(member)] as const,
  );
  return {
    ...rest,
    properties: Object.fromEntries(members),
    ...(needed.length > 0 && { required: needed }),
  };
}
const withoutAdditional = new WeakMap<TSchema, TSchema>();

/** Validates with one setting of ajv, all faults of what is small and the first of what is not. */
class Validators {
  readonly #options: Options;
  // Made when it is needed: each takes a hundredth of a second, and a megabyte.
  #first: Compiled | undefined;
  #all: Compiled | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  errorsIn(schema: TSchema, value: unknown): ErrorObject[] {
    if (fitsScalar(schema, value)) return [];
    const isFit = this.validatorOf(schema);
    if (isFit(value)) return [];
    if (isLarge(value)) return [...(isFit.errors ?? [])];
    this.#all ??= new Compiled({ ...this.#options, allErrors: true });
    const validate = this.#all.of(schema);
    return validate(value) ? [] : [...(validate.errors ?? [])];
  }

  validatorOf(schema: TSchema): ValidateFunction {
    this.#first ??= new Compiled({ ...this.#options, allErrors: false });
    return this.#first.of(schema);
  }
}

/** Compiles each schema once, and lives no longer than that: limits of a Thing may move all day. */
class Compiled {
  readonly #ajv: Ajv;
  readonly #validators = new WeakMap<TSchema, ValidateFunction>();

  constructor(options: Options) {
    this.#ajv = newAjv(options);
  }

  of(schema: TSchema): ValidateFunction {
    const known = this.#validators.get(schema);
    if (known) return known;
    const plain = plainSchema(schema);
    try {
      const validate = this.#ajv.compile(plain);
      this.#validators.set(schema, validate);
      return validate;
    } finally {
      this.#ajv.removeSchema(plain); // which it would keep for ever, and not look at again when it has refused it
    }
  }
}

/** For what comes from outside. */
const filling = new Validators({ useDefaults: true });
const looking = new Validators({});

/** Looks at no more parts than are told. */
function isLarge(value: unknown): boolean {
  const waiting = [value];
  let characters = 0;
  for (let seen = 0; waiting.length > 0; seen++) {
    const next = waiting.pop();
    if (typeof next === "string") characters += next.length;
    if (characters > MOST_CHARACTERS) return true;
    if (typeof next !== "object" || next === null) continue;
    const names = Array.isArray(next) ? [] : Object.keys(next);
    const count = Array.isArray(next) ? next.length : names.length;
    if (seen + waiting.length + count > MOST_PARTS) return true;
    for (const name of names) characters += name.length;
    waiting.push(...Object.values(next));
  }
  return characters > MOST_CHARACTERS;
}

/** Whether no two items are equal, as JSON has it: 1 and 1.0 are, and objects whatever the order of their members. */
function areDifferent(items: readonly unknown[]): boolean {
  return new Set(items.map(identified)).size === items.length;
}

/** The same for equal values, and different for others. */
function identified(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return `object ${JSON.stringify(value, (_, inner) => (isRecord(inner) ? sorted(inner) : inner))}`;
}

function sorted(object: Record<string, unknown>): Record<string, unknown> {
  const names = Object.keys(object).sort();
  return Object.fromEntries(names.map((name) => [name, object[name]]));
}
