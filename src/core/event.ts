import { messageOf } from "../base/errors.ts";
import type { FaultNotes } from "./running.ts";
import { currentFaults, tellOne } from "./thing-faults.ts";

interface Owner {
  readonly faults: FaultNotes;
  readonly member: string;
}

const owners = new WeakMap<object, Owner>();

/** Notes whose an event is, so that a listener that fails is told of with it. Hosts call it once. */
export function claimEvent(event: object, faults: FaultNotes, member: string): void {
  owners.set(event, { faults, member });
}

/** Something that happened. A Thing holds one as a field under `@event` and emits its data. */
export class ThingEvent<T = void> {
  /** Each with the Thing whose code it is, if it is one's. */
  readonly #listeners = new Map<(data: T) => unknown, FaultNotes | undefined>();

  /** Tells every listener, in the same tick. One that fails is logged; it keeps nothing from the others, nor from who emits. */
  emit(data: T): void {
    for (const [listener, faults] of [...this.#listeners])
      tellOne(listener, [data], this.#failed(faults));
  }

  /** Calls `listener` at each emission until the returned function is called. */
  on(listener: (data: T) => unknown): () => void {
    this.#listeners.set(listener, currentFaults());
    return () => void this.#listeners.delete(listener);
  }

  /** Where it is noted that a listener failed. An event of no Thing throws on its own, as those of the DOM do. */
  #failed(listener: FaultNotes | undefined): (error: unknown) => void {
    const owner = owners.get(this);
    const about = owner
      ? `to event '${owner.member}' of Thing '${owner.faults.thing}'`
      : "to an event";
    return (error) => {
      const sentence = `A listener ${about} failed: ${messageOf(error)}`;
      if (listener) listener.note("listener", sentence, error);
      else if (owner) owner.faults.note(owner.member, sentence, error);
      else
        process.nextTick(() => {
          throw error;
        });
    };
  }
}
