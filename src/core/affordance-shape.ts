import { messageOf, ThingError } from "../base/errors.ts";
import { cut } from "../base/preview.ts";
import type { Affordance } from "./affordances.ts";

const KINDS: ReadonlySet<unknown> = new Set(
  "property action event stream slot files endpoint".split(" "),
);
const METHODS: ReadonlySet<unknown> = new Set(["GET", "PUT", "POST", "DELETE"]);
const ROLES: ReadonlySet<unknown> = new Set(["view", "operate", "admin"]);
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
  if (!KINDS.has(kind))
    throw refusal(
      `${className} lists an affordance${typeof name === "string" ? ` '${cut(name, 80)}'` : ""} of no kind that there is: it is one of ${[...KINDS].join(", ")}`,
    );
  for (const [what, text] of Object.entries({ name, member })) {
    if (typeof text !== "string" || text === "" || text.length > LONGEST_NAME)
      throw refusal(
        `${className} lists a ${String(kind)} whose ${what} is not a string of 1 to ${LONGEST_NAME} characters`,
      );
  }
  const wrong = wrongIn(own);
  if (wrong) throw refusal(`The ${String(kind)} '${String(name)}' of ${className} ${wrong}`);
  return own as unknown as Affordance;
}

function membersOf(className: string, listed: object): Record<string, unknown> {
  try {
    return { ...listed };
  } catch (cause) {
    throw refusal(`${className} lists an affordance that cannot be read: ${messageOf(cause)}`);
  }
}

/** What is wrong with the members that are its kind's own. */
function wrongIn(own: Record<string, unknown>): string | undefined {
  for (const what of ["title", "description"]) {
    const words = own[what];
    if (words === undefined) continue;
    if (typeof words !== "string") return `has a ${what} that is not a string. Write one`;
    if (words.length > LONGEST_WORDS)
      return `has a ${what} of more than ${LONGEST_WORDS} characters. Write a shorter one`;
  }
  if (own.role !== undefined && !ROLES.has(own.role))
    return "is for a role that does not exist. Write view, operate or admin";
  for (const what of ["schema", "input", "output", "data"]) {
    const schema = own[what];
    if (schema !== undefined && (typeof schema !== "object" || schema === null))
      return `has a schema (${what}) that is not an object. Write one, e.g. { type: "number" }`;
  }
  switch (own.kind) {
    case "property":
      if (own.setter !== undefined && typeof own.setter !== "string")
        return "names no method that sets it. Write its name as a string";
      return own.schema === undefined ? "has no schema. Say what values it takes" : undefined;
    case "action":
      return typeof own.retentionSeconds === "number" && own.retentionSeconds >= 0
        ? undefined
        : "has a retentionSeconds that is not a number from 0. Write e.g. 300";
    case "slot":
      return typeof own.type === "function" ? undefined : "takes no class of Things. Name one";
    case "endpoint":
      if (!METHODS.has(own.method)) return "has a method other than GET, PUT, POST or DELETE";
      return typeof own.path === "string" ? undefined : "has no path. Write one as a string";
    default:
      return undefined;
  }
}

function refusal(sentence: string): ThingError {
  return new ThingError("BAD_ARGUMENT", `${sentence.replace(/\.$/, "")}.`);
}
