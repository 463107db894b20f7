import { ThingError } from "../../../base/errors.ts";
import { countedLimit } from "../../../base/limit-hits.ts";

/** Checks that wait for their turn, of accounts where they have logged in before, and as many others. */
const MOST_CHECKS = 16;

const checksLimit = countedLimit("password_checks");

/** Who has a password checked. */
export interface Standing {
  /** The account has logged in from this address before: its checks are first, and strangers do not take their places. */
  readonly isKnown: boolean;
  /** Attempts of the address within the last minute, this one included: who guesses waits behind who does not. */
  readonly attempts: number;
}

interface Waiting extends Standing {
  begin(): void;
  refuse(): void;
}

/**
 * Checks of passwords, each of which takes long: one at a time, the one with the fewest attempts behind it first, and of
 * several such the newest, so that whoever has not been wrong passes a crowd that has.
 */
export class CheckQueue {
  #waiting: Waiting[] = [];
  #isBusy = false;

  /** @throws {ThingError} `TOO_MANY_ATTEMPTS` when others wait that have made fewer attempts. */
  async run<T>(standing: Standing, check: () => Promise<T>): Promise<T> {
    await this.#turn(standing);
    try {
      return await check();
    } finally {
      this.#isBusy = false;
      this.#next();
    }
  }

  #turn(standing: Standing): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.unshift({ ...standing, begin: resolve, refuse: () => reject(tooMany()) });
      this.#waiting.sort(byStanding); // keeps the order of equals: the newest first
      this.#dropLast(standing.isKnown);
      this.#next();
    });
  }

  #dropLast(isKnown: boolean): void {
    const alike = this.#waiting.filter((one) => one.isKnown === isKnown);
    if (alike.length <= MOST_CHECKS) return;
    const last = alike.at(-1)!;
    this.#waiting = this.#waiting.filter((one) => one !== last);
    checksLimit.hit();
    last.refuse();
  }

  #next(): void {
    if (this.#isBusy) return;
    const first = this.#waiting.shift();
    if (!first) return;
    this.#isBusy = true;
    first.begin();
  }
}

/** The error for somebody who was wrong too often, or is one of too many at a time. */
export function tooMany(): ThingError {
  return new ThingError(
    "TOO_MANY_ATTEMPTS",
    "There were too many wrong passwords, tokens or codes in the last minute. Wait a minute, then try again; tokens that are right are taken meanwhile.",
  );
}

function byStanding(one: Standing, other: Standing): number {
  return Number(other.isKnown) - Number(one.isKnown) || one.attempts - other.attempts;
}
