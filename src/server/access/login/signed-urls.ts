import { hmac, isSame } from "./secrets.ts";

/** The longest that a signed address may be good for, seconds. */
export const LONGEST_SIGNED_S = 30 * 24 * 3600;

/** What a signed address says beside its path. */
interface Signed {
  /** The account that signed: when it is gone, so is all that it signed. */
  readonly account: string;
  /** Seconds, on the clock of `now()`: that is epoch seconds where the clock was right at start. */
  readonly expires: number;
}

/** The path with what lets anybody read it until it expires. */
export function signedPath(key: string, path: string, signed: Signed): string {
  const query = new URLSearchParams({
    expires: String(signed.expires),
    by: signed.account,
    signature: signatureOf(key, path, signed),
  });
  return `${path}?${query}`;
}

/** What the query of a signed address says, if it is signed by this server; undefined too when it has expired. */
export function signatureIn(key: string, url: string, time: number): Signed | undefined {
  const [path = "", text = ""] = url.split("?");
  const query = new URLSearchParams(text);
  const [account, signature] = [query.get("by"), query.get("signature")];
  const expires = query.get("expires") ?? "";
  if (account === null || signature === null || !/^\d{1,12}$/.test(expires)) return undefined;
  const signed = { account, expires: Number(expires) };
  if (!isSame(signature, signatureOf(key, path, signed))) return undefined;
  const left = signed.expires - time / 1000;
  return left > 0 && left <= LONGEST_SIGNED_S + 1 ? signed : undefined; // more: the clock was ahead when it was signed
}

/** Other parameters, such as `width`, are the reader's to choose. What is signed is for looking: role view. */
function signatureOf(key: string, path: string, { account, expires }: Signed): string {
  return hmac(key, ["signed-url", "GET", "view", path, expires, account].join("\n"));
}
