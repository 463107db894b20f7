import { ThingError } from "../../../base/errors.ts";
import type { Role } from "../../../core/affordances.ts";
import type { AccountsData } from "./accounts.ts";
import type { AccountsFile } from "./accounts-file.ts";
import { hashPassword, newId, newSecret, newToken, sha256 } from "./secrets.ts";

/** A token that is being made. */
export interface NewToken {
  readonly role: Role;
  readonly days: number;
  /** What it is for; made up when absent. */
  readonly name?: string | undefined;
}

const DAY_MS = 24 * 3600_000;
const NAME = /^[\w.@-]{1,64}$/;
const SHORTEST_PASSWORD = 8;

/** Makes a token. It is told this once: only its hash is kept. @throws {ThingError} `BAD_ARGUMENT`. */
export async function createToken(
  file: AccountsFile,
  { role, days, name = `token-${newId().slice(0, 6)}` }: NewToken,
  time = Date.now(),
): Promise<{ name: string; token: string; expires: string }> {
  assertName(name);
  if (!(days > 0 && days <= 3650)) {
    throw new ThingError("BAD_ARGUMENT", `A token must be valid for 1 to 3650 days, not ${days}.`);
  }
  const token = newToken();
  const created = new Date(time).toISOString();
  const expires = new Date(time + days * DAY_MS).toISOString();
  await file.change((data) => {
    if (Object.hasOwn(data.tokens, name)) {
      throw new ThingError(
        "BAD_ARGUMENT",
        `A token '${name}' already exists. Choose another name, or revoke it first: thingscope tokens revoke ${name}`,
      );
    }
    const entry = { id: newId(), role, sha256: sha256(token), created, expires };
    return { ...data, tokens: { ...data.tokens, [name]: entry } };
  });
  return { name, token, expires };
}

/** Ends a token, and all that was begun or signed with it. @throws {ThingError} `NOT_FOUND`. */
export async function revokeToken(file: AccountsFile, name: string): Promise<void> {
  await file.change((data) => ({ ...data, tokens: without(data.tokens, name, "token") }));
}

/** Adds a user, or gives one another role or password, which ends all that was begun before. @throws {ThingError} `BAD_ARGUMENT`. */
export async function setUser(
  file: AccountsFile,
  name: string,
  { role, password }: { role: Role; password: string },
): Promise<void> {
  assertName(name);
  if (password.length < SHORTEST_PASSWORD) {
    throw new ThingError(
      "BAD_ARGUMENT",
      `A password must have at least ${SHORTEST_PASSWORD} characters. Several words are easier to remember.`,
    );
  }
  const entry = {
    id: newId(),
    role,
    password: await hashPassword(password),
    created: new Date().toISOString(),
  };
  await file.change((data) => ({ ...data, users: { ...data.users, [name]: entry } }));
}

/** @throws {ThingError} `NOT_FOUND`. */
export async function removeUser(file: AccountsFile, name: string): Promise<void> {
  await file.change((data) => ({ ...data, users: without(data.users, name, "user") }));
}

/** Ends every session and every signed address. Users and tokens stay. */
export async function endSessions(file: AccountsFile): Promise<void> {
  await file.change((data: AccountsData) => ({ ...data, key: newSecret() }));
}

function without<T>(entries: Record<string, T>, name: string, what: string): Record<string, T> {
  const { [name]: gone, ...rest } = entries;
  if (gone !== undefined && Object.hasOwn(entries, name)) return rest;
  const names = Object.keys(entries);
  const there = names.length > 0 ? `Existing ${what}s: ${names.join(", ")}.` : `No ${what}s exist.`;
  throw new ThingError("NOT_FOUND", `There is no ${what} '${name}'. ${there}`);
}

function assertName(name: string): void {
  if (NAME.test(name) && name !== "__proto__") return;
  throw new ThingError(
    "BAD_ARGUMENT",
    `'${name}' is not a valid name: use at most 64 letters, digits and . _ - @.`,
  );
}
