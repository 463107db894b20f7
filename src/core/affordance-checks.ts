import { messageOf, ThingError } from "../base/errors.ts";
import type { Affordance, EndpointAffordance, FilesAffordance } from "./affordances.ts";
import { classNameOf } from "./class-name.ts";
import { toDataSchema } from "./data-schema.ts";
import { ThingEvent } from "./event.ts";
import { checkedSchema } from "./schema.ts";
import { Thing } from "./thing.ts";

const RESERVED = new Set(["ws", "properties", "actions", "events"]);
const NAME = /^[A-Za-z0-9_-]+$/;
const ENDPOINT_PATH = /^:?[\w.~-]+(\/:?[\w.~-]+)*$/;

/** Those affordances of a Thing that can be served, with schemas as they are described, and a sentence for each that cannot. */
export function soundAffordances(
  thing: Thing,
  affordances: readonly Affordance[],
): { sound: Affordance[]; refusals: string[] } {
  const className = classNameOf(thing);
  const used = new Map<string, string>();
  const sound: Affordance[] = [];
  const refusals: string[] = [];
  // Endpoints and files are last: they depend on the names of the others.
  for (const affordance of [...affordances].sort((a, b) => rank(a) - rank(b))) {
    try {
      checkMember(className, affordance);
      checkWords(className, affordance);
      checkName(className, affordance, used);
      checkHeld(thing, affordance);
      sound.push(withCheckedSchemas(className, affordance));
    } catch (error) {
      refusals.push(messageOf(error));
    }
  }
  return { sound, refusals };
}

function rank({ kind }: Affordance): number {
  return kind === "endpoint" || kind === "files" ? 1 : 0;
}

/** What every Thing has for itself: its life, its name and log. An affordance in its place would be run by the host. */
function checkMember(className: string, { kind, name, member }: Affordance): void {
  if (!(member in Thing.prototype)) return;
  const option =
    kind === "endpoint" || kind === "slot"
      ? ""
      : `, and keep the name for clients: { name: "${name}" }`;
  throw refusal(
    `The ${kind} '${name}' of ${className} stands on the member '${member}', which every Thing has for itself${LIFE.has(member) ? " and its host calls" : ""}. Give the member another name, e.g. ${member}It${option}.`,
  );
}

const LIFE = new Set(["open", "close", "thingState"]);

/** Whatever is not text cannot be described. */
function checkWords(className: string, { kind, name, title, description }: Affordance): void {
  for (const [what, words] of Object.entries({ title, description })) {
    if (words === undefined || typeof words === "string") continue;
    throw refusal(
      `The ${kind} '${name}' of ${className} has a ${what} that is not a string. Write one.`,
    );
  }
}

/** Affordances of all kinds share the URLs below their Thing. */
function checkName(className: string, affordance: Affordance, used: Map<string, string>): void {
  const { kind, name } = affordance;
  if (kind === "endpoint") checkEndpoint(className, affordance, used);
  if (kind === "files") checkFiles(className, affordance, used);
  if (kind === "slot" || kind === "endpoint" || kind === "files") return;
  if (!NAME.test(name) || RESERVED.has(name) || name === "__proto__") {
    const why = NAME.test(name) ? "is reserved" : "has characters beyond A-Z a-z 0-9 _ -";
    const where = RESERVED.has(name) ? " for a route" : "";
    throw refusal(
      `The ${kind} '${name}' of ${className} ${why}${where}. Give the decorator another name: { name: "..." }.`,
    );
  }
  const needed = kind === "stream" ? [name, `${name}_frame`, `${name}_new_frame`] : [name];
  for (const taken of needed) {
    const other = used.get(taken);
    if (other)
      throw refusal(
        `${className} has two affordances that need the name '${taken}': the ${kind} '${name}' and ${other}. Rename one.`,
      );
  }
  for (const taken of needed) used.set(taken, `the ${kind} '${name}'`);
}

/** Files lie below the property that lists them. */
function checkFiles(
  className: string,
  { name }: FilesAffordance,
  used: ReadonlyMap<string, string>,
): void {
  if (used.get(name) === `the property '${name}'`) return;
  throw refusal(
    `The files '${name}' of ${className} have no list. Give it a property '${name}' with what is in them.`,
  );
}

/** An endpoint that nobody could reach is a fault of its author: the affordance of that name would answer. */
function checkEndpoint(
  className: string,
  { method, path }: EndpointAffordance,
  used: ReadonlyMap<string, string>,
): void {
  const what = `The endpoint ${method} '${path}' of ${className}`;
  const [first = ""] = path.split("/");
  const owner = used.get(first) ?? (RESERVED.has(first) ? "a route of every Thing" : undefined);
  const wrong = !ENDPOINT_PATH.test(path)
    ? "has no path below its Thing. Write segments like view/:page, without a slash before or behind"
    : owner && `begins with a name that belongs to ${owner}. Choose another path`;
  if (wrong) throw refusal(`${what} ${wrong}.`);
}

/** Whoever calls or follows a member needs what it stands for to be there. */
function checkHeld(thing: Thing, { kind, name, member, ...affordance }: Affordance): void {
  const className = classNameOf(thing);
  const what = `The ${kind} '${name}' of ${className}`;
  if (kind === "event" && !(Reflect.get(thing, member) instanceof ThingEvent))
    throw refusal(`${what} holds no ThingEvent. Write: readonly ${member} = new ThingEvent().`);
  const called = kind === "action" || kind === "endpoint" ? member : setterIn(affordance);
  if (called !== undefined && typeof Reflect.get(thing, called) !== "function")
    throw refusal(`${what} has no method '${called}'. Write one, or name the one that is meant.`);
}

function setterIn(affordance: object): string | undefined {
  return "setter" in affordance ? String(affordance.setter) : undefined;
}

function withCheckedSchemas(className: string, affordance: Affordance): Affordance {
  const what = `${affordance.kind} '${affordance.name}' of ${className}`;
  switch (affordance.kind) {
    case "property":
      return { ...affordance, schema: describable(affordance.schema, what) };
    case "event": {
      const { data } = affordance;
      return data === undefined ? affordance : { ...affordance, data: describable(data, what) };
    }
    case "action": {
      const { input, output } = affordance;
      return {
        ...affordance,
        ...(input !== undefined && { input: describable(input, `the input of ${what}`) }),
        ...(output !== undefined && { output: describable(output, `the output of ${what}`) }),
      };
    }
    default:
      return affordance;
  }
}

/** @throws {ThingError} `BAD_ARGUMENT`. */
function describable(schema: Parameters<typeof checkedSchema>[0], what: string) {
  const plain = checkedSchema(schema, what);
  toDataSchema(plain);
  return plain;
}

function refusal(sentence: string): ThingError {
  return new ThingError("BAD_ARGUMENT", sentence);
}
