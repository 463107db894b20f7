import { createHash, createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** A secret that nobody guesses: 192 bits, in 32 characters that every URL and header takes. */
export function newSecret(): string {
  return randomBytes(24).toString("base64url");
}

/** What names something without being a secret. */
export function newId(): string {
  return randomBytes(8).toString("base64url");
}

const TOKEN_PREFIX = "ts_";

/** A secret that says what it is, so that people and scanners of repositories know it. */
export function newToken(): string {
  return TOKEN_PREFIX + newSecret();
}

/** True for what `newToken` makes, as told from a password. */
export function looksLikeToken(text: string): boolean {
  return /^ts_[\w-]{32}$/.test(text);
}

/** What is kept of a secret of 192 bits. That a search by it takes one time or another tells nothing of the secret. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

export function hmac(key: string, text: string): string {
  return createHmac("sha256", key).update(text).digest("base64url");
}

/** Compares in a time that says nothing of where the two differ. */
export function isSame(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(left!, right!);
}

/** 32 MB and about a fifth of a second on a small computer. */
const COST = { N: 2 ** 15, r: 8, p: 3 } as const;
const KEY_BYTES = 32;

/** What is kept of a password: `scrypt$N$r$p$salt$key`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16).toString("base64url");
  const { N, r, p } = COST;
  return ["scrypt", N, r, p, salt, await derive(password, salt, COST)].join("$");
}

/** Takes as long for a user that does not exist, with `undefined`, as for one that does. */
export async function isPassword(password: string, kept: string | undefined): Promise<boolean> {
  const [, N, r, p, salt = "", key = ""] = (kept ?? "").split("$");
  const cost = kept === undefined ? COST : { N: Number(N), r: Number(r), p: Number(p) };
  const derived = await derive(password, salt, cost);
  return isSame(derived, key) && kept !== undefined;
}

/** One at a time: two would take the pictures' threads, and their memory. */
let last: Promise<unknown> = Promise.resolve();

function derive(password: string, salt: string, cost: Cost): Promise<string> {
  const made = last.then(() => scryptOf(password.normalize("NFKC"), salt, cost));
  last = made.catch(() => {});
  return made;
}

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

function scryptOf(password: string, salt: string, cost: Cost): Promise<string> {
  const options = { ...cost, maxmem: 256 * cost.N * cost.r };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, KEY_BYTES, options, (error, key) => {
      if (error) reject(error);
      else resolve(key.toString("base64url"));
    });
  });
}
