import { randomBytes } from "node:crypto";
import { ThingError } from "../../../base/errors.ts";
import type { Account } from "../../http/identity.ts";
import type { AccountsFile } from "./accounts-file.ts";
import type { AttemptLimit } from "./attempt-limit.ts";
import { CheckQueue } from "./attempt-limit.ts";
import { hmac, isPassword, looksLikeToken } from "./secrets.ts";

/** What a client logs in with, wherever it came from. */
export type Credentials =
  | { readonly token: string }
  | { readonly user: string; readonly password: string };

/** What an Authorization header says. A token may be given as the password. */
export function credentialsIn(authorization: string): Credentials | undefined {
  const [, scheme = "", text = ""] = /^(basic|bearer) +(\S+)$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() === "bearer") return { token: text };
  const [, user, password] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(text, "base64").toString("utf8")) ?? [];
  if (user === undefined || password === undefined) return undefined;
  return looksLikeToken(password) ? { token: password } : { user, password };
}

const MAX_REMEMBERED = 100;

/** Finds the account that credentials belong to. */
export class CredentialCheck {
  readonly #file: AccountsFile;
  readonly #limit: AttemptLimit;
  readonly #clock: () => number;
  /** Passwords that were right, as nobody else can know them, until the accounts change: each check takes long. */
  readonly #remembered = new Map<string, Account>();
  /** Checks under way: a client that begins with many requests at once is one who asks. */
  readonly #checks = new Map<string, Promise<Account>>();
  readonly #queue = new CheckQueue();
  readonly #ownKey = randomBytes(32).toString("hex");

  constructor(file: AccountsFile, limit: AttemptLimit, clock: () => number) {
    this.#file = file;
    this.#limit = limit;
    this.#clock = clock;
  }

  /** The accounts have changed. */
  forget(): void {
    this.#remembered.clear();
  }

  /** @throws {ThingError} `BAD_CREDENTIALS`, `TOO_MANY_ATTEMPTS`. */
  async accountOf(credentials: Credentials, address: string): Promise<Account> {
    if ("user" in credentials) {
      return this.#byPassword(credentials.user, credentials.password, address);
    }
    const account = this.#byToken(credentials.token);
    if (account) return account;
    const changed = await this.#file.refresh(); // it may have been made a moment ago
    const newer = changed ? this.#byToken(credentials.token) : undefined;
    if (newer) return newer;
    this.#limit.begin(address);
    throw new ThingError(
      "BAD_CREDENTIALS",
      "This token is not valid here: it has expired, was revoked, or belongs to another server. Create a new one: thingscope tokens create.",
    );
  }

  #byToken(token: string): Account | undefined {
    return this.#file.current.byToken(token, this.#clock());
  }

  #byPassword(name: string, password: string, address: string): Promise<Account> {
    const digest = hmac(this.#ownKey, `${name}:${password}`);
    const remembered = this.#remembered.get(digest);
    if (remembered) return Promise.resolve(remembered);
    const underWay = this.#checks.get(digest);
    if (underWay) return underWay;
    const check = this.#check({ name, password, digest }, address);
    this.#checks.set(digest, check);
    return check.finally(() => this.#checks.delete(digest));
  }

  async #check(
    { name, password, digest }: { name: string; password: string; digest: string },
    address: string,
  ): Promise<Account> {
    const takeBack = this.#limit.begin(address, name);
    await this.#file.refresh();
    const user = this.#file.current.byUser(name);
    const standing = this.#limit.standingOf(address, name);
    const isRight = await this.#queue.run(standing, () => isPassword(password, user?.password));
    if (!isRight || !user) {
      throw new ThingError(
        "BAD_CREDENTIALS",
        "The user name or password is wrong. To see the names, run: thingscope users list",
      );
    }
    takeBack();
    const isUnchanged = this.#file.current.byUser(name)?.password === user.password;
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    if (isUnchanged) this.#remembered.set(digest, user.account);
    return user.account;
  }
}
