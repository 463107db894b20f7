import type { ErrorObject } from "ajv";
import { type InputFault, MOST_FAULTS } from "../base/errors.ts";
import { cut, preview } from "../base/preview.ts";

/** LabThings' words for what ajv found; its Python client and its users' tests read `loc` and `msg`. */
export function faultsOf(
  errors: readonly ErrorObject[],
  value: unknown,
  root: readonly (string | number)[] = ["body"],
): InputFault[] {
  const told = errors.filter(
    ({ keyword }) => !["anyOf", "oneOf", "if"].includes(keyword) || errors.length === 1,
  );
  return told.map((error) => {
    const path = segments(error.instancePath);
    const input = path.reduce<unknown>(
      (inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
      value,
    );
    return { loc: [...root, ...path, ...extraSegment(error)], input, ...wording(error, input) };
  });
}

/** A value that is given to a Thing, and that JSON cannot hold. */
export function notJsonFault(
  { where, what }: { readonly where: string; readonly what: string },
  root: readonly (string | number)[],
): InputFault {
  return { type: "not_json", loc: [...root, ...segments(where)], msg: `Input ${what}` };
}

const LIMITS = new Set(
  "greater_than_equal greater_than less_than_equal less_than multiple_of literal_error string_pattern_mismatch string_too_short string_too_long too_short too_long".split(
    " ",
  ),
);

/** Whether a value is only outside of limits, which a Thing may move; another fault stays one. */
export function isLimitFault({ type }: InputFault): boolean {
  return LIMITS.has(type);
}

const LONGEST_PATH = 200; // characters

/** What each type is called in a sentence; pydantic's own words are for its clients. */
const PLAIN_TYPES: Readonly<Record<string, string>> = {
  int: "an integer",
  float: "a number",
  string: "a string",
  bool: "true or false",
  model_attributes: "an object",
  list: "a list",
  none: "null",
};

/**
 * The first 20 faults in one line, and how many more there are, e.g. `'dz' is missing; 'start' should be 'centre' or
 * 'base', but is 'top'; and 3 more`.
 */
export function sentenceOf(faults: readonly InputFault[]): string {
  const places = new Map<string, InputFault[]>();
  for (const fault of faults.slice(0, MOST_FAULTS)) {
    const path = cut(fault.loc.slice(1).join("."), LONGEST_PATH);
    const where = path ? `'${path}'` : "it";
    const there = places.get(where);
    if (there) there.push(fault);
    else places.set(where, [fault]);
  }
  const sentences = [...places].map(([where, at]) => `${where} ${rulesBroken(at)}`);
  if (faults.length > MOST_FAULTS) sentences.push(`and ${faults.length - MOST_FAULTS} more`);
  return sentences.join("; ");
}

function rulesBroken(faults: readonly InputFault[]): string {
  const [first] = faults;
  if (first?.type === "missing") return "is missing";
  if (first?.type === "extra_forbidden") return "is not known";
  if (first?.type === "read_only") return "is read-only";
  if (first?.type === "not_json") return first.msg.replace(/^Input /, "");
  // A value that is of none of several types breaks the rule of each.
  const isChoice = faults.every((fault) => plainType(fault) !== undefined);
  const rules = faults.map((fault) => plainRule(fault));
  const joined = isChoice
    ? `should be ${[...new Set(rules)].map((rule) => rule.replace("should be ", "")).join(" or ")}`
    : rules.join(" and ");
  return `${joined}, but is ${preview(first?.input)}`;
}

function plainRule(fault: InputFault): string {
  const type = plainType(fault);
  return type
    ? `should be ${type}`
    : fault.msg.replace(/^(Input|String|List) | after validation, not \d+$/g, "");
}

function plainType({ type, msg }: InputFault): string | undefined {
  if (type === "literal_error") return msg.replace("Input should be ", "");
  return PLAIN_TYPES[type.replace(/_(type|parsing|from_float|required)$/, "")];
}

interface Wording {
  type: string;
  msg: string;
  ctx?: Record<string, unknown>;
}

function wording(error: ErrorObject, input: unknown): Wording {
  const { keyword, params } = error;
  switch (keyword) {
    case "required":
      return { type: "missing", msg: "Field required" };
    case "additionalProperties":
      return { type: "extra_forbidden", msg: "Extra inputs are not permitted" };
    case "type":
      return ofType(String(params.type), input);
    case "minimum":
      return {
        type: "greater_than_equal",
        msg: `Input should be greater than or equal to ${params.limit}`,
        ctx: { ge: params.limit },
      };
    case "maximum":
      return {
        type: "less_than_equal",
        msg: `Input should be less than or equal to ${params.limit}`,
        ctx: { le: params.limit },
      };
    case "exclusiveMinimum":
      return {
        type: "greater_than",
        msg: `Input should be greater than ${params.limit}`,
        ctx: { gt: params.limit },
      };
    case "exclusiveMaximum":
      return {
        type: "less_than",
        msg: `Input should be less than ${params.limit}`,
        ctx: { lt: params.limit },
      };
    case "multipleOf":
      return {
        type: "multiple_of",
        msg: `Input should be a multiple of ${params.multipleOf}`,
        ctx: { multiple_of: params.multipleOf },
      };
    case "enum": {
      const expected = (params.allowedValues as unknown[])
        .map((value) => preview(value))
        .join(" or ");
      return { type: "literal_error", msg: `Input should be ${expected}`, ctx: { expected } };
    }
    case "const":
      return {
        type: "literal_error",
        msg: `Input should be ${preview(params.allowedValue)}`,
        ctx: { expected: params.allowedValue },
      };
    case "pattern":
      return {
        type: "string_pattern_mismatch",
        msg: `String should match pattern '${params.pattern}'`,
        ctx: { pattern: params.pattern },
      };
    case "minLength":
      return {
        type: "string_too_short",
        msg: `String should have at least ${counted(params.limit, "character")}`,
        ctx: { min_length: params.limit },
      };
    case "maxLength":
      return {
        type: "string_too_long",
        msg: `String should have at most ${counted(params.limit, "character")}`,
        ctx: { max_length: params.limit },
      };
    case "minItems":
      return {
        type: "too_short",
        msg: `List should have at least ${counted(params.limit, "item")} after validation, not ${lengthOf(input)}`,
        ctx: { field_type: "List", min_length: params.limit, actual_length: lengthOf(input) },
      };
    case "maxItems":
      return {
        type: "too_long",
        msg: `List should have at most ${counted(params.limit, "item")} after validation, not ${lengthOf(input)}`,
        ctx: { field_type: "List", max_length: params.limit, actual_length: lengthOf(input) },
      };
    default:
      return { type: keyword, msg: `Input ${error.message ?? "is not valid"}` };
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function lengthOf(input: unknown): number {
  return Array.isArray(input) ? input.length : 0;
}

/** How pydantic 2 says that an input is of the wrong type, and what it calls that. */
function ofType(type: string, input: unknown): Wording {
  if (type === "integer" && typeof input === "number") {
    return {
      type: "int_from_float",
      msg: "Input should be a valid integer, got a number with a fractional part",
    };
  }
  const { name, words, unread } = PYDANTIC_TYPES[type] ?? { name: `${type}_type`, words: type };
  const isUnread = unread !== undefined && (typeof input === "string" || type === "boolean");
  if (!isUnread || input === null || typeof input === "object") {
    return { type: name, msg: `Input should be ${words}` };
  }
  return {
    type: name.replace(/_type$/, "_parsing"),
    msg: `Input should be ${words}, unable to ${unread}`,
  };
}

const PYDANTIC_TYPES: Readonly<
  Record<string, { readonly name: string; readonly words: string; readonly unread?: string }>
> = {
  integer: { name: "int_type", words: "a valid integer", unread: "parse string as an integer" },
  number: { name: "float_type", words: "a valid number", unread: "parse string as a number" },
  boolean: { name: "bool_type", words: "a valid boolean", unread: "interpret input" },
  string: { name: "string_type", words: "a valid string" },
  object: {
    name: "model_attributes_type",
    words: "a valid dictionary or object to extract fields from",
  },
  array: { name: "list_type", words: "a valid list" },
  null: { name: "none_required", words: "None" },
};

function extraSegment({ keyword, params }: ErrorObject): string[] {
  if (keyword === "required") return [String(params.missingProperty)];
  if (keyword === "additionalProperties") return [String(params.additionalProperty)];
  return [];
}

function segments(pointer: string): (string | number)[] {
  return pointer
    .split("/")
    .slice(1)
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment));
}
