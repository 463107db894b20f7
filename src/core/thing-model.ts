import { reasonOf, ThingError } from "../base/errors.ts";
import { cut } from "../base/preview.ts";
import { soundAffordances } from "./affordance-checks.ts";
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
  type ThingClass,
} from "./affordances.ts";
import { LONGEST_DESCRIPTION, LONGEST_TITLE } from "./instance-words.ts";
import { classNameOf } from "./member-name.ts";
import type { Thing } from "./thing.ts";

/** A class seen as a Thing: its affordances by wire name, without any form or address. */
export interface ThingModel {
  readonly className: string;
  readonly title: string;
  readonly description: string;
  /** `@type` of the Thing. */
  readonly types: readonly string[];
  readonly properties: ReadonlyMap<string, PropertyAffordance>;
  readonly actions: ReadonlyMap<string, ActionAffordance>;
  readonly events: ReadonlyMap<string, EventAffordance>;
  readonly streams: ReadonlyMap<string, StreamAffordance>;
  readonly files: readonly FilesAffordance[];
  readonly slots: readonly SlotAffordance[];
  readonly endpoints: readonly EndpointAffordance[];
  /** What its author should know and may ignore. */
  readonly warnings: readonly string[];
  /** Why the class cannot be served whole, a sentence for each affordance that is left out here. */
  readonly refusals: readonly string[];
}

const MOST_TYPES = 20;

/** Names that the Python ThingClient uses for itself (labthings-fastapi 0.3.0): such an affordance cannot be reached with it. */
const TAKEN_IN_PYTHON = new Set(
  "client server path get_property set_property invoke_action follow_link from_url".split(" "),
);

/**
 * The model of a Thing's class.
 * @throws {ThingError} `BAD_ARGUMENT` for a name that is reserved, not fit for a URL or used twice, a member that every Thing has for
 *   itself, or a schema that is none or cannot be described.
 */
export function thingModelOf(thing: Thing): ThingModel {
  const model = soundModelOf(thing);
  if (model.refusals.length === 0) return model;
  throw new ThingError("BAD_ARGUMENT", model.refusals.join(" "));
}

/** The model of what is sound in a Thing's class, with what is not in its `refusals`. */
export function soundModelOf(thing: Thing): ThingModel {
  const thingClass = thing.constructor as (abstract new (...args: never[]) => Thing) & typeof Thing;
  const className = classNameOf(thing);
  const { sound, refusals } = foundIn(thing, thingClass);
  const of = <K extends Affordance["kind"]>(kind: K) =>
    sound.filter(
      (affordance): affordance is Extract<Affordance, { kind: K }> => affordance.kind === kind,
    );
  return {
    className,
    title: text(() => thingClass.title, LONGEST_TITLE) ?? className,
    description: text(() => thingClass.description, LONGEST_DESCRIPTION) ?? "",
    types: textsIn(() => thingClass.types),
    properties: byName(of("property")),
    actions: byName(of("action")),
    events: byName(of("event")),
    streams: byName(of("stream")),
    files: of("files"),
    slots: of("slot"),
    endpoints: of("endpoint"),
    warnings: sound
      .filter(({ name, kind }) => TAKEN_IN_PYTHON.has(name) && kind !== "slot")
      .map(
        ({ name, kind }) =>
          `${className} has a ${kind} '${name}', which the Python ThingClient cannot reach: it has a member of that name. Give the ${kind} another name.`,
      ),
    refusals,
  };
}

function byName<A extends { name: string }>(affordances: readonly A[]): Map<string, A> {
  return new Map(affordances.map((affordance) => [affordance.name, affordance]));
}

function foundIn(thing: Thing, thingClass: ThingClass): ReturnType<typeof soundAffordances> {
  try {
    return soundAffordances(thing, affordancesOf(thingClass));
  } catch (error) {
    const sentence = `The affordances of ${classNameOf(thing)} cannot be read: ${reasonOf(error)}.`;
    return { sound: [], refusals: [sentence] };
  }
}

/** Those of a static list that are texts. */
function textsIn(read: () => unknown): string[] {
  try {
    const list = read();
    const texts = Array.isArray(list) ? list.slice(0, MOST_TYPES) : [];
    return texts.filter((item) => typeof item === "string" && item.length <= LONGEST_TITLE);
  } catch {
    return [];
  }
}

/** A static member that is no text, or cannot be read, is as good as none. */
function text(read: () => unknown, most: number): string | undefined {
  try {
    const value = read();
    return typeof value === "string" ? cut(value, most) : undefined;
  } catch {
    return undefined;
  }
}
