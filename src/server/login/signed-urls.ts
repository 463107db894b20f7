import { hmac, isSame } from "./secrets.ts";

/** The longest that a signed address may be good for, seconds. */
export const LONGEST_SIGNED_S = 30 * 24 * 3600;

/** What a signed address says beside its path. */
export interface Signed {
  /** The account that signed: when it is gone, so is all that it signed. */
  readonly account: string;
  /** Epoch seconds. */
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
  return time < signed.expires * 1000 ? signed : undefined;
}

/** Other parameters, such as `width`, are the reader's to choose. What is signed is for looking: role view. */
function signatureOf(key: string, path: string, { account, expires }: Signed): string {
  return hmac(key, ["signed-url", "GET", "view", path, expires, account].join("\n"));
}
