import { messageOf, ThingError } from "../base/errors.ts";
import { cut } from "../base/preview.ts";
import { type Affordance, ROLES } from "./affordances.ts";

/** What is checked of an affordance of one kind. */
interface KindRules {
  /** Members that are schemas, and what an error's sentence puts before the affordance for each. */
  readonly schemas?: Readonly<Record<string, string>>;
  /** Whether its name is a part of a path, which no other affordance of its Thing may have. */
  readonly ownsName: boolean;
  /** Whether its decorator takes another name for clients than the member's. */
  readonly isRenamable: boolean;
  /** What is wrong with the members that are the kind's own. */
  wrongIn?(own: Readonly<Record<string, unknown>>): string | false;
}

/** All kinds of affordances that there are: a new one gets its rules here, and the checks have no other list of kinds. */
export const KINDS: { readonly [K in Affordance["kind"]]: KindRules } = {
  property: {
    schemas: { schema: "" },
    ...{ ownsName: true, isRenamable: true },
    wrongIn: wrongInProperty,
  },
  action: {
    schemas: { input: "the input of ", output: "the output of " },
    ...{ ownsName: true, isRenamable: true },
    wrongIn: wrongInAction,
  },
  event: { schemas: { data: "" }, ownsName: true, isRenamable: true },
  stream: { ownsName: true, isRenamable: true },
  slot: {
    ...{ ownsName: false, isRenamable: false },
    wrongIn: ({ type }) =>
      typeof type !== "function" && "does not name a class of Things. Name one",
  },
  files: { ownsName: false, isRenamable: true },
  endpoint: {
    ...{ ownsName: false, isRenamable: false },
    wrongIn: ({ method, path, body }) => {
      if (!METHODS.has(method)) return "has a method other than GET, PUT, POST or DELETE";
      if (!BODIES.has(body)) return "has a body other than json, bytes or messages";
      return typeof path !== "string" && "has no path. Write one as a string";
    },
  },
};
/** Longer than any request is waited for by a person, and far above what a device takes. */
export const LONGEST_WITHIN_MS = 600_000;

function wrongInProperty({ setter, getter, schema, withinMs }: Readonly<Record<string, unknown>>) {
  if (setter !== undefined && typeof setter !== "string")
    return "does not name a method that sets it. Write its name as a string";
  if (getter !== undefined && typeof getter !== "string")
    return "does not name a method that reads it. Write its name as a string";
  if (schema === undefined) return "has no schema. Specify the values that it takes";
  if (withinMs === undefined) return false;
  const isFit = typeof withinMs === "number" && withinMs > 0 && withinMs <= LONGEST_WITHIN_MS;
  return !isFit && `has a withinMs that is not a number from 1 to ${LONGEST_WITHIN_MS}`;
}

function wrongInAction({ retentionSeconds, releases }: Readonly<Record<string, unknown>>) {
  if (!(typeof retentionSeconds === "number" && retentionSeconds >= 0))
    return "has a retentionSeconds that is not a number of at least 0. Write e.g. 300";
  const isFit = releases === undefined || ["boolean", "function"].includes(typeof releases);
  return !isFit && "has a releases that is neither true or false nor a function. Write one";
}

const METHODS: ReadonlySet<unknown> = new Set(["GET", "PUT", "POST", "DELETE"]);
const BODIES: ReadonlySet<unknown> = new Set([undefined, "json", "bytes", "messages"]);
/** Names are parts of paths. */
const LONGEST_NAME = 200; // characters
/** Every description of the Thing repeats them. */
const LONGEST_WORDS = 10_000; // characters

/**
 * A copy of what a class lists as an affordance, once it has been found to be one: decorators see to that, and what a class
 * without them writes may be anything.
 * @throws {ThingError} `BAD_ARGUMENT` with what is wrong.
 */
export function shapedAffordance(className: string, listed: unknown): Affordance {
  if (typeof listed !== "object" || listed === null)
    throw refusal(`${className} lists an affordance that is not an object`);
  const own = membersOf(className, listed);
  const { kind, name, member } = own;
  if (!isKind(kind))
    throw refusal(
      `${className} lists an affordance${typeof name === "string" ? ` '${cut(name, 80)}'` : ""} of an unknown kind: the kinds are ${Object.keys(KINDS).join(", ")}`,
    );
  for (const [what, text] of Object.entries({ name, member })) {
    if (typeof text !== "string" || text === "" || text.length > LONGEST_NAME)
      throw refusal(
        `${className} lists ${/^[ae]/.test(kind) ? "an" : "a"} ${kind} whose ${what} is not a string of 1 to ${LONGEST_NAME} characters`,
      );
  }
  const wrong = wrongIn(own) || KINDS[kind].wrongIn?.(own);
  if (wrong) throw refusal(`The ${kind} '${String(name)}' of ${className} ${wrong}`);
  return own as unknown as Affordance;
}

function membersOf(className: string, listed: object): Record<string, unknown> {
  try {
    return { ...listed };
  } catch (cause) {
    throw refusal(`${className} lists an affordance that cannot be read: ${messageOf(cause)}`);
  }
}

/** What is wrong with the members that several kinds have. */
function wrongIn(own: Record<string, unknown>): string | undefined {
  for (const what of ["title", "description"]) {
    const words = own[what];
    if (words === undefined) continue;
    if (typeof words !== "string") return `has a ${what} that is not a string. Write one`;
    if (words.length > LONGEST_WORDS)
      return `has a ${what} of more than ${LONGEST_WORDS} characters. Write a shorter one`;
  }
  if (own.types !== undefined && !areTypes(own.types))
    return `has types that are not a list of up to ${MOST_TYPES} names. Write e.g. ["sosa:ObservableProperty"]`;
  if (own.role !== undefined && !ROLES.some((role) => role === own.role))
    return "is for a role that does not exist. Write push, view, operate or admin";
  for (const what of SWITCHES) {
    const value = own[what];
    if (value !== undefined && typeof value !== "boolean")
      return `has a value of '${what}' that is neither true nor false. Write one of them, without quotes`;
  }
  for (const what of ["schema", "input", "output", "data"]) {
    const schema = own[what];
    if (schema !== undefined && (typeof schema !== "object" || schema === null))
      return `has a schema (${what}) that is not an object. Write one, e.g. { type: "number" }`;
  }
  return undefined;
}

/** JavaScript takes "no" for true. */
const SWITCHES =
  "saved readOnly observable resettable useGlobalLock safe idempotent synchronous optional many".split(
    " ",
  );
const MOST_TYPES = 20;

function areTypes(types: unknown): boolean {
  return (
    Array.isArray(types) &&
    types.length <= MOST_TYPES &&
    types.every((type) => typeof type === "string" && type !== "" && type.length <= LONGEST_NAME)
  );
}

function isKind(kind: unknown): kind is Affordance["kind"] {
  return typeof kind === "string" && Object.hasOwn(KINDS, kind);
}

/** The error for a class that cannot be served as it is. */
export function refusal(sentence: string): ThingError {
  return new ThingError("BAD_ARGUMENT", `${sentence.replace(/\.$/, "")}.`);
}
