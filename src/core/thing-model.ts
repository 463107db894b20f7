import { ThingError } from "../base/errors.ts";
import {
  type ActionAffordance,
  type Affordance,
  affordancesOf,
  type EndpointAffordance,
  type EventAffordance,
  type FilesAffordance,
  type PropertyAffordance,
  type SlotAffordance,
  type StreamAffordance,
} from "./affordances.ts";
import { checkSchema } from "./schema.ts";
import type { Thing } from "./thing.ts";

/** A class seen as a Thing: its affordances by wire name, without any form or address. */
export interface ThingModel {
  readonly className: string;
  readonly title: string;
  readonly description: string;
  readonly properties: ReadonlyMap<string, PropertyAffordance>;
  readonly actions: ReadonlyMap<string, ActionAffordance>;
  readonly events: ReadonlyMap<string, EventAffordance>;
  readonly streams: ReadonlyMap<string, StreamAffordance>;
  readonly files: readonly FilesAffordance[];
  readonly slots: readonly SlotAffordance[];
  readonly endpoints: readonly EndpointAffordance[];
  /** What its author should know and may ignore. */
  readonly warnings: readonly string[];
}

const RESERVED = new Set(["ws", "properties", "actions", "events"]);
const NAME = /^[A-Za-z0-9_-]+$/;
const ENDPOINT_PATH = /^:?[\w.~-]+(\/:?[\w.~-]+)*$/;
/** Names that the Python ThingClient uses for itself (labthings-fastapi 0.3.0): such an affordance cannot be reached with it. */
const TAKEN_IN_PYTHON = new Set(
  "client server path get_property set_property invoke_action follow_link from_url".split(" "),
);

/**
 * The model of a Thing's class.
 * @throws {ThingError} `BAD_ARGUMENT` for a name that is reserved, not fit for a URL or used twice, or a schema that is none.
 */
export function thingModelOf(thing: Thing): ThingModel {
  const thingClass = thing.constructor as (abstract new (...args: never[]) => Thing) & typeof Thing;
  const affordances = affordancesOf(thingClass);
  const className = thingClass.name;
  for (const affordance of affordances) checkAffordance(className, affordance);
  checkNames(className, affordances);
  const of = <K extends Affordance["kind"]>(kind: K) =>
    affordances.filter(
      (affordance): affordance is Extract<Affordance, { kind: K }> => affordance.kind === kind,
    );
  return {
    className,
    title: thingClass.title ?? className,
    description: thingClass.description ?? "",
    properties: byName(of("property")),
    actions: byName(of("action")),
    events: byName(of("event")),
    streams: byName(of("stream")),
    files: of("files"),
    slots: of("slot"),
    endpoints: of("endpoint"),
    warnings: affordances
      .filter(({ name, kind }) => TAKEN_IN_PYTHON.has(name) && kind !== "slot")
      .map(
        ({ name, kind }) =>
          `${className} has a ${kind} '${name}', which the Python ThingClient cannot reach: it has a member of that name. Give the ${kind} another name.`,
      ),
  };
}

function byName<A extends { name: string }>(affordances: readonly A[]): Map<string, A> {
  return new Map(affordances.map((affordance) => [affordance.name, affordance]));
}

function checkAffordance(className: string, affordance: Affordance): void {
  const what = `${affordance.kind} '${affordance.name}' of ${className}`;
  if (affordance.kind === "property") checkSchema(affordance.schema, what);
  if (affordance.kind === "event" && affordance.data) checkSchema(affordance.data, what);
  if (affordance.kind !== "action") return;
  if (affordance.input) checkSchema(affordance.input, `the input of ${what}`);
  if (affordance.output) checkSchema(affordance.output, `the output of ${what}`);
}

/** Affordances of all kinds share the URLs below their Thing. */
function checkNames(className: string, affordances: readonly Affordance[]): void {
  const used = new Map<string, string>();
  for (const { kind, name } of affordances) {
    if (kind === "slot" || kind === "endpoint" || kind === "files") continue;
    if (!NAME.test(name) || RESERVED.has(name)) {
      const why = RESERVED.has(name)
        ? "is reserved for a route"
        : "has characters beyond A-Z a-z 0-9 _ -";
      throw new ThingError(
        "BAD_ARGUMENT",
        `The ${kind} '${name}' of ${className} ${why}. Give the decorator another name: { name: "..." }.`,
      );
    }
    for (const taken of kind === "stream" ? [name, `${name}_frame`, `${name}_new_frame`] : [name]) {
      const other = used.get(taken);
      if (other)
        throw new ThingError(
          "BAD_ARGUMENT",
          `${className} has two affordances that need the name '${taken}': the ${kind} '${name}' and ${other}. Rename one.`,
        );
      used.set(taken, `the ${kind} '${name}'`);
    }
  }
  for (const affordance of affordances) {
    if (affordance.kind === "endpoint") checkEndpoint(className, affordance, used);
    if (affordance.kind === "files") checkFiles(className, affordance, used);
  }
}

/** Files lie below the property that lists them. */
function checkFiles(
  className: string,
  { name }: FilesAffordance,
  used: ReadonlyMap<string, string>,
): void {
  if (used.get(name) === `the property '${name}'`) return;
  throw new ThingError(
    "BAD_ARGUMENT",
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
  if (wrong) throw new ThingError("BAD_ARGUMENT", `${what} ${wrong}.`);
}
