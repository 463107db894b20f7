import { messageOf, ThingError } from "../base/errors.ts";
import type { EventAffordance } from "./affordances.ts";
import { claimEvent, ThingEvent } from "./event.ts";
import { classNameOf } from "./member-name.ts";
import { outgoing } from "./outgoing.ts";
import type { Thing } from "./thing.ts";
import type { ThingFaults } from "./thing-faults.ts";

type DataListener = (data: unknown) => void;
type FaultListener = (problem: ThingError) => void;

interface Followed {
  affordance: EventAffordance;
  /** None while the Thing has it no more. */
  event: ThingEvent<unknown> | undefined;
  /** Follows it no more. */
  stop(): void;
  readonly listeners: Set<DataListener>;
  readonly faultListeners: Set<FaultListener>;
}

/** The events of one Thing as they are told outside: what is emitted is checked once, for all who listen. */
export class EventAccess {
  readonly #thing: Thing;
  readonly #faults: ThingFaults;
  readonly #followed = new Map<string, Followed>();

  constructor(thing: Thing, events: Iterable<EventAffordance>, faults: ThingFaults) {
    this.#thing = thing;
    this.#faults = faults;
    this.update(events);
  }

  /** Those that the Thing has now: whoever follows one that was removed and has come again follows it still. */
  update(events: Iterable<EventAffordance>): void {
    const gone = new Set(this.#followed.keys());
    for (const affordance of events) {
      gone.delete(affordance.name);
      const event = this.#eventOf(affordance);
      if (event) claimEvent(event, this.#faults, affordance.member);
      const followed = this.#followed.get(affordance.name);
      if (!event || !followed) continue;
      followed.affordance = affordance;
      if (followed.event !== event) this.#followInstead(followed, event);
    }
    for (const name of gone) this.#followInstead(this.#followed.get(name), undefined);
  }

  /** Calls `listener` with a copy of what is emitted. @throws {ThingError} `INTERNAL` for a member that is not a ThingEvent. */
  onData(event: EventAffordance, listener: DataListener): () => void {
    const followed = this.#follow(event);
    followed.listeners.add(listener);
    return () => {
      followed.listeners.delete(listener);
      this.#leave(followed);
    };
  }

  /** Calls `listener` when what is emitted is not JSON or does not fit its schema: it is not told to anybody then. */
  onFault(event: EventAffordance, listener: FaultListener): () => void {
    const followed = this.#follow(event);
    followed.faultListeners.add(listener);
    return () => {
      followed.faultListeners.delete(listener);
      this.#leave(followed);
    };
  }

  #follow(affordance: EventAffordance): Followed {
    const known = this.#followed.get(affordance.name);
    if (known) return known;
    const event = this.#eventOf(affordance);
    if (!event) throw notAnEvent(affordance, this.#thing);
    const followed: Followed = {
      ...{ affordance, event, stop() {} },
      ...{ listeners: new Set(), faultListeners: new Set() },
    };
    this.#followInstead(followed, event);
    this.#followed.set(affordance.name, followed);
    return followed;
  }

  #leave(followed: Followed): void {
    const { affordance, listeners, faultListeners, stop } = followed;
    if (listeners.size + faultListeners.size > 0) return;
    stop();
    if (this.#followed.get(affordance.name) === followed) this.#followed.delete(affordance.name);
  }

  #followInstead(followed: Followed | undefined, event: ThingEvent<unknown> | undefined): void {
    if (!followed) return;
    followed.stop();
    followed.event = event;
    followed.stop = event?.on((data) => this.#tell(followed, data)) ?? (() => {});
  }

  #eventOf({ member, emitter }: EventAffordance): ThingEvent<unknown> | undefined {
    const event: unknown = emitter ?? Reflect.get(this.#thing, member);
    return event instanceof ThingEvent ? event : undefined;
  }

  #tell({ affordance, listeners, faultListeners }: Followed, data: unknown): void {
    const { name, member, data: schema } = affordance;
    if (listeners.size + faultListeners.size === 0) return;
    const className = classNameOf(this.#thing);
    const what = `Event '${name}' of Thing '${this.#faults.thing}' was emitted with a value`;
    try {
      this.#faults.tell(member, listeners, outgoing(data, { schema, what, className }));
    } catch (error) {
      this.#faults.note(member, messageOf(error), error);
      if (error instanceof ThingError) this.#faults.tell(member, faultListeners, error);
    }
  }
}

function notAnEvent({ name, member }: EventAffordance, thing: Thing): ThingError {
  return new ThingError(
    "INTERNAL",
    `Event '${name}' cannot be followed: the member '${member}' of ${classNameOf(thing)} does not hold a ThingEvent. Give it one: readonly ${member} = new ThingEvent().`,
  );
}
