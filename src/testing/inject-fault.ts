import { ThingError } from "../base/errors.ts";
import type { ThingEvent } from "../core/event.ts";
import { classNameOf } from "../core/member-name.ts";
import { memberOf } from "../core/setters.ts";
import type { Thing } from "../core/thing.ts";
import { thingModelOf } from "../core/thing-model.ts";
import { type Fault, misbehave } from "./fault.ts";

const FLOOD = 10_000;

/**
 * Injects one fault into a Thing, until the returned function is called. A fault in `open` must be injected before the Thing is
 * added to a host.
 * @throws {ThingError} `BAD_ARGUMENT` for the constructor, which has run, and for a member that the Thing does not have.
 */
export function injectFault(thing: Thing, fault: Fault): () => void {
  switch (fault.at) {
    case "constructor":
      throw new ThingError(
        "BAD_ARGUMENT",
        "The constructor of an existing Thing has already run. Use FaultyThing for a fault there.",
      );
    case "open":
    case "close":
      return replaceMember(thing, fault.at, { value: () => strike(thing, fault, fault.at) });
    case "getter":
    case "setter":
    case "settings":
      return inProperty(thing, fault);
    case "action": {
      const { member } = found(thing, fault, thingModelOf(thing).actions);
      return replaceMember(thing, member, { value: () => strike(thing, fault, member) });
    }
    case "event":
      return inEvent(thing, fault);
  }
}

/** A setter that floods or returns invalid values shows them through the getter of the same property. */
function inProperty(thing: Thing, fault: Fault): () => void {
  const { properties } = thingModelOf(thing);
  const wanted = [...properties].filter(
    ([, { saved, readOnly }]) =>
      (fault.at !== "settings" || saved) && (fault.at !== "setter" || !readOnly),
  );
  const { member } = found(thing, fault, new Map(wanted));
  const before = memberOf(thing, member)?.descriptor;
  const hit = () => strike(thing, fault, member);
  const get = before?.get ?? (() => before?.value);
  return replaceMember(
    thing,
    member,
    fault.at === "setter"
      ? { get, set: hit }
      : { get: hit, set: (value) => before?.set?.call(thing, value) },
  );
}

/** What throws, rejects, hangs or blocks is a listener of the Thing's own; nonsense is what is emitted. */
function inEvent(thing: Thing, fault: Fault): () => void {
  const { member } = found(thing, fault, thingModelOf(thing).events);
  const event: ThingEvent<unknown> = Reflect.get(thing, member);
  const isOwn = ["throws", "rejects", "hangs", "blocks"].includes(fault.kind);
  const listener: () => unknown = () => misbehave(fault); // what it gives is a promise for some kinds
  if (isOwn) return event.on(listener);
  const emit = event.emit.bind(event);
  const value = (data: unknown) => {
    if (fault.kind !== "floods") return emit(misbehave(fault));
    for (let n = 0; n < FLOOD; n++) emit(data);
  };
  return replaceMember(event, "emit", { value });
}

/** A flood is of everything that a Thing can say; then it gives what any other fault would. */
function strike(thing: Thing, fault: Fault, member: string): unknown {
  if (fault.kind === "floods") {
    for (let n = 0; n < FLOOD; n++) {
      thing.log.warn("The same complaint, again and again");
      if (fault.at !== "getter" && fault.at !== "settings") thing.changed(member);
    }
  }
  return misbehave(fault);
}

function replaceMember(target: object, name: string, by: PropertyDescriptor): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { ...by, configurable: true });
  return () => {
    if (own) Object.defineProperty(target, name, own);
    else Reflect.deleteProperty(target, name);
  };
}

function found<A>(thing: Thing, { at, member }: Fault, known: ReadonlyMap<string, A>): A {
  const affordance = member === undefined ? [...known.values()][0] : known.get(member);
  if (affordance) return affordance;
  const what = member === undefined ? "one" : `'${member}'`;
  const has = [...known.keys()].join(", ") || "none";
  throw new ThingError(
    "BAD_ARGUMENT",
    `${classNameOf(thing)} has no member for a fault at '${at}': ${what} was requested, but it has: ${has}.`,
  );
}
