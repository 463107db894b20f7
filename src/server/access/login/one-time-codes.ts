import { newSecret, sha256 } from "./secrets.ts";

/** How long a code can be used. */
const CODE_MS = 10 * 60_000;
const MAX_CODES = 10;

/** Codes that log in once, each for ten minutes. They are in memory only. */
export class OneTimeCodes {
  readonly #clock: () => number;
  readonly #expires = new Map<string, number>();

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  make(): string {
    const code = newSecret();
    this.#expires.set(sha256(code), this.#clock() + CODE_MS);
    const [oldest] = this.#expires.keys();
    if (this.#expires.size > MAX_CODES && oldest !== undefined) this.#expires.delete(oldest);
    return code;
  }

  /** True once for each code. */
  spend(code: string): boolean {
    const id = sha256(code);
    const expires = this.#expires.get(id);
    this.#expires.delete(id);
    return expires !== undefined && this.#clock() < expires;
  }
}
