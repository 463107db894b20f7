import { messageOf } from "../base/errors.ts";
import { KINDS, refusal, shapedAffordance } from "./affordance-shape.ts";
import type { Affordance, EndpointAffordance, FilesAffordance } from "./affordances.ts";
import { toDataSchema } from "./data-schema.ts";
import { checkHeld } from "./held-members.ts";
import { classNameOf } from "./member-name.ts";
import { checkedSchema } from "./schema.ts";
import { Thing } from "./thing.ts";

/** Of one Thing. Each costs routes, schemas and a part of every description. */
const MOST_AFFORDANCES = 1000;
const RESERVED = new Set(["ws", "properties", "actions", "events"]);
/** Names of server-sent events that are no property's or event's: they would be taken for one another. */
const SSE_EVENTS = new Set(["problem", "gap", "dropped"]);
const NAME = /^[A-Za-z0-9_-]+$/;
const ENDPOINT_PATH = /^:?[\w.~-]+(\/:?[\w.~-]+)*$/;

/** Those affordances of a Thing that can be served, with schemas as they are described, and a sentence for each that cannot. */
export function soundAffordances(
  thing: Thing,
  listed: readonly unknown[],
): { sound: Affordance[]; refusals: string[] } {
  const className = classNameOf(thing);
  const used = new Map<string, string>();
  const affordances: Affordance[] = [];
  const sound: Affordance[] = [];
  const refusals: string[] = [];
  const attempt = (work: () => void) => {
    try {
      work();
    } catch (error) {
      refusals.push(messageOf(error));
    }
  };
  if (listed.length > MOST_AFFORDANCES)
    refusals.push(
      `${className} has ${listed.length} affordances, but at most ${MOST_AFFORDANCES} can be served. Split it into several Things.`,
    );
  for (const one of listed.slice(0, MOST_AFFORDANCES))
    attempt(() => affordances.push(shapedAffordance(className, one)));
  // Endpoints and files are last: they depend on the names of the others.
  const ownsName = ({ kind }: Affordance) => Number(KINDS[kind].ownsName);
  for (const affordance of affordances.sort((a, b) => ownsName(b) - ownsName(a)))
    attempt(() => {
      checkMember(className, affordance);
      checkName(className, affordance, used);
      checkHeld(thing, affordance);
      sound.push(withCheckedSchemas(className, affordance));
    });
  return { sound, refusals };
}

/** What every Thing has for itself: its life, its name and log. An affordance in its place would be run by the host. */
function checkMember(className: string, { kind, name, member }: Affordance): void {
  if (!(member in Thing.prototype)) return;
  const option = KINDS[kind].isRenamable
    ? `, and keep the name for clients: { name: "${name}" }`
    : "";
  throw refusal(
    `The ${kind} '${name}' of ${className} stands on the member '${member}', which every Thing has for itself${LIFE.has(member) ? " and its host calls" : ""}. Give the member another name, e.g. ${member}It${option}.`,
  );
}

const LIFE = new Set(["open", "close", "thingState"]);

/** Affordances of all kinds share the URLs below their Thing. */
function checkName(className: string, affordance: Affordance, used: Map<string, string>): void {
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

function withCheckedSchemas(className: string, affordance: Affordance): Affordance {
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
