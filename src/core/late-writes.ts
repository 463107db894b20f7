import { ThingError } from "../base/errors.ts";
import { countedLimit } from "../base/limit-hits.ts";

/** How long, ms, a write that is out of time and does not end keeps those behind it from the device. */
export const LATE_WRITE_MS = 60_000;
const givenUp = countedLimit("late_writes");

interface Late {
  readonly over: Promise<void>;
  /** Nobody waits for it any more. */
  free(): void;
}

/**
 * Writes whose writers have been told that time is up, and which go on all the same, because the Thing's code does not heed its signal:
 * what is written next may not overtake them.
 */
export class LateWrites {
  readonly #byProperty = new Map<string, Late>();
  readonly #lastMs: number;
  readonly #onGivenUp: (property: string, sentence: string) => void;

  constructor(onGivenUp: (property: string, sentence: string) => void, lastMs = LATE_WRITE_MS) {
    this.#onGivenUp = onGivenUp;
    this.#lastMs = lastMs;
  }

  /** @param write - What the Thing's code has promised. */
  note(property: string, write: PromiseLike<unknown>): void {
    let end = () => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const free = () => {
      clearTimeout(timer);
      if (this.#byProperty.get(property) === late) this.#byProperty.delete(property);
      end();
    };
    const late: Late = { over, free };
    const timer = setTimeout(() => {
      givenUp.hit();
      free();
      this.#onGivenUp(
        property,
        `A write of property '${property}' has not ended ${this.#lastMs / 1000} s after its time was up: later ones do not wait for it any more, and it may reach the device after them. End it when its signal aborts.`,
      );
    }, this.#lastMs);
    timer.unref();
    this.#byProperty.get(property)?.free();
    this.#byProperty.set(property, late);
    write.then(free, free);
  }

  /** Ends with the write of a property that goes on; undefined when none does. */
  of(property: string): Promise<void> | undefined {
    return this.#byProperty.get(property)?.over;
  }

  /** The Thing closes: what it asked for has nothing left to reach. */
  forget(): void {
    for (const late of [...this.#byProperty.values()]) late.free();
  }
}

export function stillUnderWay(property: string, thing: string): ThingError {
  return new ThingError(
    "NOT_READY",
    `Property '${property}' of Thing '${thing}' was not set: an earlier write of it timed out, is still under way and could undo this one. Try again in a moment.`,
  );
}
