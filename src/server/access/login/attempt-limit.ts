import { isIPv6 } from "node:net";
import { countedLimit } from "../../../base/limit-hits.ts";
import { type Standing, tooMany } from "./check-queue.ts";

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
