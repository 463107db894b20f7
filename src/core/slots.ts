import { ThingError } from "../base/errors.ts";
import type { SlotAffordance } from "./affordances.ts";
import { classNameOf } from "./member-name.ts";

const connections = new WeakMap<object, Map<string, unknown>>();

/** What a slot of a Thing holds. @throws {ThingError} `SLOT_NOT_CONNECTED` before the host has connected it. */
export function connectedTo(thing: object & { name: string }, member: string): unknown {
  const slots = connections.get(thing);
  if (!slots?.has(member)) {
    throw new ThingError(
      "SLOT_NOT_CONNECTED",
      `Slot '${member}' of Thing '${thing.name}' is not connected yet. Use it from open() on, not in the constructor.`,
    );
  }
  return slots.get(member);
}

/** The Things that this one works with, as far as its slots are connected. */
export function usedBy(thing: object): object[] {
  const held = [...(connections.get(thing)?.values() ?? [])];
  return held
    .flatMap((one) => (one instanceof Map ? [...one.values()] : [one]))
    .filter((one): one is object => typeof one === "object" && one !== null);
}

/**
 * Fills one slot from the Things of a host.
 * @param wanted - Names from the configuration, `null` for none; `undefined` leaves it to the declaration.
 * @throws {ThingError} `BAD_CONFIG` when what is wanted is not there, is of another type, or is not one Thing.
 */
export function connectSlot(
  thing: object & { name: string },
  slot: SlotAffordance,
  things: ReadonlyMap<string, object>,
  wanted: string | readonly string[] | null | undefined,
): void {
  const found = wanted === null ? [] : matches(thing, slot, things, wanted ?? slot.by);
  const slots = connections.get(thing) ?? new Map<string, unknown>();
  connections.set(
    thing,
    slots.set(slot.member, slot.many ? new Map(found) : only(thing, slot, found)),
  );
  // A class without decorators has no accessor for its slot.
  if (!(slot.member in thing)) {
    Object.defineProperty(thing, slot.member, { get: () => connectedTo(thing, slot.member) });
  }
}

function matches(
  thing: object & { name: string },
  slot: SlotAffordance,
  things: ReadonlyMap<string, object>,
  names: string | readonly string[] | undefined,
): [string, object][] {
  if (names === undefined) {
    return [...things].filter(([, other]) => other !== thing && other instanceof slot.type);
  }
  return [names].flat().map((name) => {
    const other = things.get(name);
    if (!other) {
      throw badSlot(
        thing,
        slot,
        `names '${name}', which is not among the Things (${[...things.keys()].join(", ")}). Correct the name`,
      );
    }
    if (!(other instanceof slot.type)) {
      throw badSlot(
        thing,
        slot,
        `names '${name}', which is a ${classNameOf(other)}, not a ${slot.type.name}. Name another`,
      );
    }
    return [name, other];
  });
}

function only(
  thing: { name: string },
  slot: SlotAffordance,
  found: [string, object][],
): object | undefined {
  if (found.length > 1) {
    const names = found.map(([name]) => name).join(", ");
    throw badSlot(thing, slot, `could be any of ${names}. Name one`);
  }
  if (found.length === 0 && !slot.optional)
    throw badSlot(thing, slot, `needs a ${slot.type.name}, but has none. Add one and name it`);
  return found[0]?.[1];
}

function badSlot(thing: { name: string }, slot: SlotAffordance, what: string): ThingError {
  return new ThingError(
    "BAD_CONFIG",
    `Slot '${slot.member}' of Thing '${thing.name}' ${what} in the configuration: things.${thing.name}.thing_slots.${slot.member}.`,
  );
}
