import { createHash, randomBytes } from "node:crypto";

/** A user and a password, as they are typed. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** The request that is to be authorised. */
interface Request {
  readonly method: string;
  /** As it stands in the request. */
  readonly uri: string;
}

const HASHES: Readonly<Record<string, string>> = { md5: "md5", "sha-256": "sha256" };
const PARAMETER = /([a-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/gi;

/**
 * The value of `Authorization` that answers a server's challenges (RFC 7617, 7616): Digest where it is offered, else Basic.
 * @param challenges - The values of its `WWW-Authenticate` fields.
 * @returns Undefined if it asks for something else.
 */
export function answerTo(
  challenges: readonly string[],
  login: Login,
  request: Request,
): string | undefined {
  const digests = challenges.filter((one) => /^digest\s/i.test(one)).map(parametersOf);
  const known = digests.filter(({ algorithm = "MD5" }) => hashOf(algorithm) !== undefined);
  const best = known.find(({ algorithm }) => /^sha-256/i.test(algorithm ?? "")) ?? known[0];
  if (best) return digestAnswer(best, login, request);
  const isBasic = challenges.some((one) => /^basic\b/i.test(one));
  const text = `${login.user}:${login.password}`;
  return isBasic ? `Basic ${Buffer.from(text).toString("base64")}` : undefined;
}

function digestAnswer(
  { realm = "", nonce = "", opaque, qop, algorithm = "MD5" }: Record<string, string | undefined>,
  { user, password }: Login,
  { method, uri }: Request,
): string {
  const hash = (text: string) =>
    createHash(hashOf(algorithm) ?? "md5")
      .update(text)
      .digest("hex");
  const cnonce = randomBytes(8).toString("hex");
  const isSession = /-sess$/i.test(algorithm);
  const own = hash(`${user}:${realm}:${password}`);
  const secret = isSession ? hash(`${own}:${nonce}:${cnonce}`) : own;
  const what = hash(`${method}:${uri}`);
  const isAuth = qop?.split(",").some((one) => one.trim().toLowerCase() === "auth");
  const counted = isAuth ? `${nonce}:00000001:${cnonce}:auth` : nonce;
  const fields: [string, string | undefined][] = [
    ["username", quoted(user)],
    ["realm", quoted(realm)],
    ["nonce", quoted(nonce)],
    ["uri", quoted(uri)],
    ["response", quoted(hash(`${secret}:${counted}:${what}`))],
    ["algorithm", algorithm],
    ["opaque", opaque === undefined ? undefined : quoted(opaque)],
    ["qop", isAuth ? "auth" : undefined],
    ["nc", isAuth ? "00000001" : undefined],
    ["cnonce", isAuth || isSession ? quoted(cnonce) : undefined],
  ];
  const given = fields.filter(([, value]) => value !== undefined);
  return `Digest ${given.map(([name, value]) => `${name}=${value}`).join(", ")}`;
}

function hashOf(algorithm: string): string | undefined {
  return HASHES[algorithm.toLowerCase().replace(/-sess$/, "")];
}

function parametersOf(challenge: string): Record<string, string | undefined> {
  const found = challenge.replace(/^digest\s+/i, "").matchAll(PARAMETER);
  return Object.fromEntries(
    [...found].map(([, name = "", text, word]) => [
      name.toLowerCase(),
      text?.replace(/\\(.)/g, "$1") ?? word,
    ]),
  );
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
