import { messageOf } from "../base/errors.ts";
import { refusal } from "./affordance-shape.ts";
import type { Affordance } from "./affordances.ts";
import { ThingEvent } from "./event.ts";
import { classNameOf } from "./member-name.ts";
import { Thing } from "./thing.ts";

/** What an affordance's member has to hold, and how its author writes that. */
const HELD: Readonly<Record<string, { isIt: (held: unknown) => boolean; sentence: string }>> = {
  event: {
    isIt: (held) => held instanceof ThingEvent,
    sentence: "does not hold a ThingEvent. Write: readonly MEMBER = new ThingEvent().",
  },
  stream: {
    isIt: (held) => hasMethod(held, "frames"),
    sentence: "does not hold a stream. Write: readonly MEMBER = new MJPEGStream().",
  },
  files: {
    isIt: (held) => hasMethod(held, "find"),
    sentence: "do not hold files. Write: readonly MEMBER = new FileCollection(...).",
  },
};

/**
 * Whoever calls or follows a member needs what it stands for to be there, and to stay the same.
 * @throws {ThingError} `BAD_ARGUMENT`.
 */
export function checkHeld(thing: Thing, affordance: Affordance): void {
  const { kind, name, member } = affordance;
  const what = `The ${kind} '${name}' of ${classNameOf(thing)}`;
  const held = HELD[kind];
  if (held) {
    const found = read(thing, member, what);
    if (!held.isIt(found)) throw refusal(`${what} ${held.sentence.replace("MEMBER", member)}`);
    if (read(thing, member, what) !== found)
      throw refusal(`${what} is a different object at each read. Keep one in a field.`);
  }
  for (const called of calledBy(affordance)) checkMethod(thing, called, what);
}

function checkMethod(thing: Thing, called: string, what: string): void {
  if (called in Thing.prototype)
    throw refusal(
      `${what} names the method '${called}', which every Thing already has. Write one of its own.`,
    );
  if (typeof read(thing, called, what) !== "function")
    throw refusal(`${what} has no method '${called}'. Write one, or name the intended one.`);
}

function calledBy(affordance: Affordance): string[] {
  if (affordance.kind === "action" || affordance.kind === "endpoint") return [affordance.member];
  if (affordance.kind !== "property") return [];
  return [affordance.setter, affordance.getter].filter((method) => method !== undefined);
}

function read(thing: Thing, member: string, what: string): unknown {
  try {
    return Reflect.get(thing, member);
  } catch (cause) {
    throw refusal(`${what} cannot be read: its member '${member}' throws: ${messageOf(cause)}`);
  }
}

function hasMethod(held: unknown, name: string): boolean {
  return typeof held === "object" && held !== null && typeof Reflect.get(held, name) === "function";
}
