import { isIPv6 } from "node:net";
import { ThingError } from "../../base/errors.ts";

const MINUTE_MS = 60_000;
const PER_ADDRESS = 5;
const IN_ALL = 60;

/** How often a minute somebody may be wrong: five times from one address, sixty times from all. */
export class AttemptLimit {
  readonly #clock: () => number;
  /** When the last attempts were, oldest first. */
  #attempts: { readonly address: string; readonly at: number }[] = [];

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /**
   * Counts an attempt before it is known how it ends, so that many at once count as well.
   * @returns What takes it back, for one that was right.
   * @throws {ThingError} `TOO_MANY_ATTEMPTS`.
   */
  begin(remoteAddress: string): () => void {
    const since = this.#clock() - MINUTE_MS;
    this.#attempts = this.#attempts.filter(({ at }) => at > since);
    const address = networkOf(remoteAddress);
    const own = this.#attempts.filter((attempt) => attempt.address === address).length;
    if (own >= PER_ADDRESS || this.#attempts.length >= IN_ALL) {
      throw new ThingError(
        "TOO_MANY_ATTEMPTS",
        "There were too many wrong passwords, tokens or codes in the last minute. Wait a minute, then try again; tokens that are right are taken meanwhile.",
      );
    }
    const attempt = { address, at: this.#clock() };
    this.#attempts.push(attempt);
    return () => {
      this.#attempts = this.#attempts.filter((other) => other !== attempt);
    };
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
