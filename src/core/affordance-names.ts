import { KINDS, refusal, shapedAffordance } from "./affordance-shape.ts";
import type { Affordance, EndpointAffordance, FilesAffordance } from "./affordances.ts";
import { toDataSchema } from "./data-schema.ts";
import { classNameOf } from "./member-name.ts";
import { checkedSchema } from "./schema.ts";

const RESERVED = new Set(["ws", "properties", "actions", "events"]);
/** Names of server-sent events that are no property's or event's: they would be taken for one another. */
const SSE_EVENTS = new Set(["problem", "gap", "dropped"]);
const NAME = /^[A-Za-z0-9_-]+$/;
const ENDPOINT_PATH = /^:?[\w.~-]+(\/:?[\w.~-]+)*$/;

/**
 * An affordance that a Thing has added itself, as it is described.
 * @param taken - By what its class declares: see `namesTaken`.
 * @throws {ThingError} `BAD_ARGUMENT` for what `soundAffordances` refuses.
 */
export function soundAddition<A extends Affordance>(
  thing: object,
  added: A,
  taken: ReadonlyMap<string, string>,
): A {
  const className = classNameOf(thing);
  const shaped = shapedAffordance(className, added);
  checkName(className, shaped, new Map(taken));
  return withCheckedSchemas(className, shaped) as A;
}

/** Each name that no further affordance may have, and what has it. */
export function namesTaken(listed: readonly Affordance[]): Map<string, string> {
  const taken = new Map<string, string>();
  for (const one of listed) {
    const called = `the ${one.kind} '${one.name}'`;
    if (one.kind === "endpoint") taken.set(one.name.split("/")[0]!, called);
    else if (KINDS[one.kind].ownsName) for (const name of namesOf(one)) taken.set(name, called);
  }
  return taken;
}

/** Affordances of all kinds share the URLs below their Thing. */
export function checkName(
  className: string,
  affordance: Affordance,
  used: Map<string, string>,
): void {
  const { kind, name } = affordance;
  if (kind === "endpoint") checkEndpoint(className, affordance, used);
  if (kind === "files") checkFiles(className, affordance, used);
  if (!KINDS[kind].ownsName) return;
  const isOfSse = SSE_EVENTS.has(name) && (kind === "property" || kind === "event");
  if (!NAME.test(name) || RESERVED.has(name) || isOfSse || name === "__proto__") {
    const why = NAME.test(name) ? "is reserved" : "has characters other than A-Z a-z 0-9 _ -";
    const where = isOfSse
      ? " for a server-sent event of the server's own"
      : RESERVED.has(name)
        ? " for a route"
        : "";
    throw refusal(
      `The ${kind} '${name}' of ${className} ${why}${where}. Give it another name: { name: "..." }.`,
    );
  }
  const needed = namesOf(affordance);
  for (const taken of needed) {
    const other = used.get(taken);
    if (other)
      throw refusal(
        `${className} has two affordances that need the name '${taken}': the ${kind} '${name}' and ${other}. Rename one.`,
      );
  }
  for (const taken of needed) used.set(taken, `the ${kind} '${name}'`);
}

/** A stream's newest frame is a property, and its frames are an event. */
function namesOf({ kind, name }: Affordance): string[] {
  return kind === "stream" ? [name, `${name}_frame`, `${name}_new_frame`] : [name];
}

/** Files lie below the property that lists them. */
function checkFiles(
  className: string,
  { name }: FilesAffordance,
  used: ReadonlyMap<string, string>,
): void {
  if (used.get(name) === `the property '${name}'`) return;
  throw refusal(
    `The files '${name}' of ${className} have no list. Add a property '${name}' that lists them.`,
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
    ? "has no path below its Thing. Write segments like view/:page, without a leading or trailing slash"
    : owner && `begins with a name that belongs to ${owner}. Choose another path`;
  if (wrong) throw refusal(`${what} ${wrong}.`);
}

/** The same, with schemas as they are described. @throws {ThingError} `BAD_ARGUMENT`. */
export function withCheckedSchemas(className: string, affordance: Affordance): Affordance {
  const what = `${affordance.kind} '${affordance.name}' of ${className}`;
  const checked: Record<string, unknown> = {};
  for (const [member, before] of Object.entries(KINDS[affordance.kind].schemas ?? {})) {
    const schema = Reflect.get(affordance, member);
    if (schema !== undefined) checked[member] = describable(schema, before + what);
  }
  return { ...affordance, ...checked };
}

/** @throws {ThingError} `BAD_ARGUMENT`. */
function describable(schema: Parameters<typeof checkedSchema>[0], what: string) {
  const plain = checkedSchema(schema, what);
  toDataSchema(plain);
  return plain;
}
