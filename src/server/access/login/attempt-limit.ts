import { isIPv6 } from "node:net";
import { ThingError } from "../../../base/errors.ts";
import { countedLimit } from "../../../base/limit-hits.ts";

const MINUTE_MS = 60_000;
const PER_ADDRESS = 5;
/** Beyond this, only addresses that have not been wrong yet may try this account. */
const PER_ACCOUNT = 20;
/** Attempts that are remembered: the oldest is forgotten first. */
const MOST_ATTEMPTS = 10_000;
/** Pairs of account and address that have logged in. */
const MOST_KNOWN = 1000;
const LONGEST_NAME = 100; // characters

const addressLimit = countedLimit("wrong_logins_of_an_address");
const accountLimit = countedLimit("wrong_logins_of_an_account");

interface Attempt {
  readonly address: string;
  readonly account: string;
  /** The account has logged in from there before. */
  readonly isKnown: boolean;
  readonly at: number;
}

/**
 * How often a minute somebody may be wrong: five times from one address, and twenty times for one account; then only
 * addresses that have not been wrong yet may try it. An account that has logged in from an address before has five
 * attempts there of its own. So nobody's mistakes, or guesses, lock out an owner who is somewhere else.
 */
export class AttemptLimit {
  readonly #clock: () => number;
  /** The last attempts, oldest first. */
  #attempts: Attempt[] = [];
  readonly #known = new Set<string>();

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /**
   * Counts an attempt before it is known how it ends, so that many at once count as well.
   * @param name - The account that is tried, where its name is given.
   * @returns What takes it back, for one that was right.
   * @throws {ThingError} `TOO_MANY_ATTEMPTS`.
   */
  begin(remoteAddress: string, name = ""): () => void {
    const since = this.#clock() - MINUTE_MS;
    this.#attempts = this.#attempts.filter(({ at }) => at > since).slice(-MOST_ATTEMPTS);
    const address = networkOf(remoteAddress);
    const account = name.slice(0, LONGEST_NAME);
    const isKnown = this.isKnown(remoteAddress, name);
    this.#check({ address, account, isKnown });
    const attempt = { address, account, isKnown, at: this.#clock() };
    this.#attempts.push(attempt);
    return () => {
      this.#attempts = this.#attempts.filter((other) => other !== attempt);
      if (account !== "") this.#know(`${account} ${address}`);
    };
  }

  /** Whether an account has logged in from an address before, since the server was started. */
  isKnown(remoteAddress: string, name: string): boolean {
    return this.#known.has(`${name.slice(0, LONGEST_NAME)} ${networkOf(remoteAddress)}`);
  }

  /** How an attempt that has begun is ranked among others. */
  standingOf(remoteAddress: string, name: string): Standing {
    const address = networkOf(remoteAddress);
    const attempts = this.#attempts.filter((one) => one.address === address).length;
    return { isKnown: this.isKnown(remoteAddress, name), attempts };
  }

  #check({ address, account, isKnown }: Omit<Attempt, "at">): void {
    const here = this.#attempts.filter(
      (one) =>
        one.address === address &&
        (isKnown ? one.isKnown && one.account === account : !one.isKnown),
    ).length;
    if (here >= PER_ADDRESS) {
      addressLimit.hit();
      throw tooMany();
    }
    if (isKnown || account === "" || here === 0) return;
    const elsewhere = this.#attempts.filter((one) => one.account === account && !one.isKnown);
    if (elsewhere.length < PER_ACCOUNT) return;
    accountLimit.hit();
    throw tooMany();
  }

  #know(pair: string): void {
    this.#known.delete(pair);
    this.#known.add(pair);
    const [oldest] = this.#known;
    if (this.#known.size > MOST_KNOWN && oldest !== undefined) this.#known.delete(oldest);
  }
}

/** Checks that wait for their turn, of accounts where they have logged in before, and as many others. */
const MOST_CHECKS = 16;

const checksLimit = countedLimit("password_checks");

/** Who has a password checked. */
interface Standing {
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
function tooMany(): ThingError {
  return new ThingError(
    "TOO_MANY_ATTEMPTS",
    "There were too many wrong passwords, tokens or codes in the last minute. Wait a minute, then try again; valid tokens are still accepted.",
  );
}

/** An address, or of IPv6 its first 64 bits: one computer has all the others. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:/i, "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = plain.split("%")[0]!.split("::");
  const before = head ? head.split(":") : [];
  const after = tail ? tail.split(":") : [];
  const zeros = new Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0");
  return (tail === undefined ? before : [...before, ...zeros, ...after]).slice(0, 4).join(":");
}

function byStanding(one: Standing, other: Standing): number {
  return Number(other.isKnown) - Number(one.isKnown) || one.attempts - other.attempts;
}
