import { countedLimit } from "../../../base/limit-hits.ts";
import type { Account } from "../../http/identity.ts";
import { newSecret, sha256 } from "./secrets.ts";

/** How long a code can be used. */
export const CODE_MS = 10 * 60_000;
const MAX_CODES = 10;

const codesLimit = countedLimit("login_codes");

/** Codes that log in once, each for ten minutes. They are in memory only. */
export class OneTimeCodes {
  readonly #clock: () => number;
  readonly #codes = new Map<string, { account: Account; expires: number }>();

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** @param account - What a browser is logged in as with it. */
  make(account: Account): string {
    const code = newSecret();
    this.#codes.set(sha256(code), { account, expires: this.#clock() + CODE_MS });
    const [oldest] = this.#codes.keys();
    if (this.#codes.size > MAX_CODES && oldest !== undefined) {
      this.#codes.delete(oldest);
      codesLimit.hit();
    }
    return code;
  }

  /** The account of a code, once. */
  spend(code: string): Account | undefined {
    const id = sha256(code);
    const found = this.#codes.get(id);
    this.#codes.delete(id);
    return found && this.#clock() < found.expires ? found.account : undefined;
  }
}
