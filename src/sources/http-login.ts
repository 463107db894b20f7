import { createHash, randomBytes } from "node:crypto";
import { decodePercent } from "../base/percent.ts";
import { type Challenge, readChallenges } from "./http-challenge.ts";

/** A name and a password. */
export interface LoginData {
  readonly username: string;
  readonly password: string;
}

/** The hash functions of Digest, the stronger ones first. */
const HASHES = { "SHA-512-256": "sha512-256", "SHA-256": "sha256", MD5: "md5" } as const;
/** A counter of eight hexadecimal digits. */
const MOST_USES = 0xffffffff;

/**
 * A login at one server, Basic or Digest (RFC 7616, RFC 7617): none is sent before the server has asked for it, and of several kinds
 * the strongest. The server's nonce is used again, counted, until it wants another.
 */
export class HttpLogin {
  readonly #login: LoginData;
  #challenge: Challenge | undefined;
  #uses = 0;
  /** Whether the login has been good for the present challenge: another nonce is then only another nonce. */
  #wasAccepted = false;
  readonly #clientNonce = randomBytes(12).toString("hex");

  constructor(login: LoginData) {
    this.#login = login;
  }

  /** The value of `Authorization` for a request of `path`, as far as the server has said what it wants. */
  authorizationFor(path: string, method = "GET"): string | undefined {
    if (!this.#challenge) return undefined;
    if (this.#challenge.scheme === "basic") return this.#basic();
    this.#uses = this.#uses >= MOST_USES ? 1 : this.#uses + 1;
    return this.#digest(this.#challenge, path, method);
  }

  /**
   * The server has refused a request.
   * @param wanted - Its `WWW-Authenticate`; Basic where there is none.
   * @param wasSent - Whether a login was sent with the request.
   * @returns Whether another request may succeed.
   */
  refused(wanted: string | undefined, wasSent: boolean): boolean {
    const next = strongest(readChallenges(wanted ?? "Basic"));
    const before = this.#challenge;
    const wasAccepted = this.#wasAccepted;
    this.#challenge = next;
    this.#uses = 0;
    this.#wasAccepted = false;
    if (!next || !wasSent) return next !== undefined;
    const isNewNonce = next.parameters.get("nonce") !== before?.parameters.get("nonce");
    const isStale = /^true$/i.test(next.parameters.get("stale") ?? "");
    return next.scheme !== before?.scheme || (isNewNonce && (isStale || wasAccepted));
  }

  /** The server has accepted a request: it may say which nonce it wants next. @param info - Its `Authentication-Info`. */
  accepted(info: string | undefined): void {
    this.#wasAccepted = this.#challenge !== undefined;
    const nonce = readChallenges(`Digest ${info ?? ""}`)[0]?.parameters.get("nextnonce");
    if (this.#challenge?.scheme !== "digest" || nonce === undefined) return;
    const parameters = new Map(this.#challenge.parameters).set("nonce", nonce);
    this.#challenge = { scheme: "digest", parameters };
    this.#uses = 0;
  }

  #basic(): string {
    const { username, password } = this.#login;
    return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  }

  #digest({ parameters }: Challenge, path: string, method: string): string {
    const { username, password } = this.#login;
    const get = (name: string) => parameters.get(name) ?? "";
    const algorithm = parameters.get("algorithm") ?? "MD5";
    const hash = (text: string) =>
      createHash(hashOf(algorithm) ?? "md5")
        .update(text)
        .digest("hex");
    const { realm, nonce } = { realm: get("realm"), nonce: get("nonce") };
    const isSession = /-sess$/i.test(algorithm);
    const quality = qualityOf(parameters);
    const hasQop = quality !== undefined;
    const count = this.#uses.toString(16).padStart(8, "0");
    const first = hash(`${username}:${realm}:${password}`);
    const secret = isSession ? hash(`${first}:${nonce}:${this.#clientNonce}`) : first;
    const counted = hasQop ? `${count}:${this.#clientNonce}:${quality}:` : "";
    const body = quality === "auth-int" ? `:${hash("")}` : ""; // requests have none
    const response = hash(`${secret}:${nonce}:${counted}${hash(`${method}:${path}${body}`)}`);
    const isHashed = /^true$/i.test(get("userhash"));
    const name = isHashed ? hash(`${username}:${realm}`) : username;
    const fields = [
      nameField(name),
      `realm=${quoted(realm)}`,
      `nonce=${quoted(nonce)}`,
      `uri=${quoted(path)}`,
      `response="${response}"`,
      ...(parameters.has("algorithm") ? [`algorithm=${algorithm}`] : []),
      ...(parameters.has("opaque") ? [`opaque=${quoted(get("opaque"))}`] : []),
      ...(hasQop ? [`qop=${quality}, nc=${count}`] : []),
      ...(hasQop || isSession ? [`cnonce="${this.#clientNonce}"`] : []),
      ...(isHashed ? ["userhash=true"] : []),
    ];
    return `Digest ${fields.join(", ")}`;
  }
}

/** The kinds of login that a server wants, if none of them is known here, in one phrase. @param wanted - Its `WWW-Authenticate`. */
export function unknownLogins(wanted: string): string | undefined {
  const challenges = readChallenges(wanted);
  if (strongest(challenges)) return undefined;
  const names = challenges.map(({ scheme, parameters }) =>
    ["algorithm", "qop"].reduce((name, one) => {
      const value = parameters.get(one);
      return scheme === "digest" && value ? `${name} ${value}` : name;
    }, scheme),
  );
  return names.length > 0 ? names.join(" or ") : undefined;
}

/** The login in an address, if it has one. */
export function loginIn({ username, password }: URL): LoginData | undefined {
  if (username === "" && password === "") return undefined;
  return { username: decodePercent(username), password: decodePercent(password) };
}

function strongest(challenges: readonly Challenge[]): Challenge | undefined {
  const usable = challenges.filter(
    ({ scheme, parameters }) =>
      scheme === "digest" &&
      parameters.has("nonce") &&
      hashOf(parameters.get("algorithm") ?? "MD5") !== undefined &&
      qualityOf(parameters) !== "",
  );
  for (const hash of Object.values(HASHES)) {
    const found = usable.find(
      ({ parameters }) => hashOf(parameters.get("algorithm") ?? "MD5") === hash,
    );
    if (found) return found;
  }
  return challenges.find(({ scheme }) => scheme === "basic");
}

/** Which protection a challenge offers that is known: none in old ones, empty if only others. Cameras send an empty list for none. */
function qualityOf(parameters: ReadonlyMap<string, string>): "auth" | "auth-int" | "" | undefined {
  const offered = (parameters.get("qop") ?? "")
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  if (offered.length === 0) return undefined;
  return (["auth", "auth-int"] as const).find((one) => offered.includes(one)) ?? "";
}

function hashOf(algorithm: string): string | undefined {
  const name = algorithm.toUpperCase().replace(/-SESS$/, "");
  return Object.entries(HASHES).find(([known]) => known === name)?.[1];
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** RFC 7616, 3.4: a name that is not ASCII is written as RFC 8187 has it. */
function nameField(name: string): string {
  const isPlain = /^[\x20-\x7e]*$/.test(name);
  return isPlain ? `username=${quoted(name)}` : `username*=UTF-8''${encodeURIComponent(name)}`;
}
