import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { ThingError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import type { Role } from "../../../core/affordances.ts";
import type { Account, Identity } from "../../http/identity.ts";
import { clientAddressOf } from "../../http/origin.ts";
import type { LinkRole } from "./accounts.ts";
import { AccountsFile } from "./accounts-file.ts";
import { AttemptLimit } from "./attempt-limit.ts";
import { CredentialCheck, type Credentials, credentialsIn } from "./credentials.ts";
import { OneTimeCodes } from "./one-time-codes.ts";
import {
  CLOCK,
  type LoginClock,
  noSessionCookie,
  SessionStore,
  sessionCookie,
  sessionSecretIn,
} from "./session-store.ts";
import { LONGEST_SIGNED_S, signatureIn, signedPath } from "./signed-urls.ts";

/** Where a server keeps its secrets. */
export interface LoginOptions {
  /** A folder for secrets alone; `.access` in the folder of settings when absent. */
  readonly folder?: string;
  readonly clock?: LoginClock;
}

/** How soon an answer ends whose right has ended. */
const SWEEP_MS = 1000;
const DAY_MS = 24 * 3600 * 1000;

/** Login attempts that failed. */
export interface LoginCounts {
  /** What was shown is wrong. */
  failed: number;
  /** It was not looked at: there were too many. */
  refused: number;
}

/** A browser that is logged in. */
export interface LoggedInBrowser {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** When it was last used, epoch ms. */
  readonly used: number;
}

/** A token, without its secret. */
export interface ListedToken {
  readonly name: string;
  readonly role: Role;
  readonly created: string;
  readonly expires: string;
}

/** What a browser says to be remembered. */
type LoginRequest = Credentials | { readonly code: string };

/** Says who sent a request, and lets in and out. What each may do is up to the routes. */
export class Login {
  readonly counts: LoginCounts = { failed: 0, refused: 0 };
  readonly #log: Log;
  readonly #clock: LoginClock;
  readonly #file: AccountsFile;
  readonly #sessions: SessionStore;
  readonly #codes: OneTimeCodes;
  readonly #limit: AttemptLimit;
  readonly #credentials: CredentialCheck;
  readonly #responses = new ActiveResponses();
  #stop = () => {};

  constructor(
    folder: string,
    { log, clock = CLOCK }: { log: Log; clock?: LoginClock | undefined },
  ) {
    this.#log = log;
    this.#clock = clock;
    this.#file = new AccountsFile(folder, log);
    this.#sessions = new SessionStore(folder, log, clock);
    this.#codes = new OneTimeCodes(clock.now);
    this.#limit = new AttemptLimit(clock.now);
    this.#credentials = new CredentialCheck(this.#file, this.#limit, clock.wall);
  }

  /** @throws {ThingError} `BAD_CONFIG` when the accounts cannot be read. */
  async open(): Promise<void> {
    let { key } = await this.#file.open();
    await this.#sessions.open();
    const stopWatching = this.#file.watch((accounts) => {
      this.#credentials.forget();
      if (accounts.key !== key) void this.#sessions.clear();
      key = accounts.key;
    });
    const sweep = setInterval(() => this.#responses.endUnless((one) => this.#holds(one)), SWEEP_MS);
    sweep.unref();
    this.#stop = () => {
      stopWatching();
      clearInterval(sweep);
    };
  }

  async close(): Promise<void> {
    this.#stop();
    await this.#sessions.close();
  }

  /** A code that logs one browser in, once, within ten minutes: as whoever runs the server, or a guest of another role. */
  newCode(role: LinkRole = "admin"): string {
    return this.#codes.make(this.#file.current.byLink(role));
  }

  /** Browsers that are logged in, the latest used first. */
  sessions(): LoggedInBrowser[] {
    const { current } = this.#file;
    return this.#sessions.list().flatMap(({ id, account, used }) => {
      const found = current.byId(account, this.#clock.wall());
      return found ? [{ id, name: found.name, role: found.role, used }] : [];
    });
  }

  /** Ends a browser's session, and within a second all that it still reads. @throws {ThingError} `NOT_FOUND`. */
  async endSession(id: string): Promise<void> {
    if (!this.#sessions.has(id)) throw new ThingError("NOT_FOUND", NO_SESSION);
    await this.#sessions.end(id);
  }

  /** Tokens that have not been revoked, without their secrets. */
  tokens(): ListedToken[] {
    return Object.entries(this.#file.current.data.tokens).map(
      ([name, { role, created, expires }]) => ({ name, role, created, expires }),
    );
  }

  /**
   * Who sent a request; undefined for nobody in particular.
   * @param response - Where a cookie is renewed.
   * @throws {ThingError} `BAD_CREDENTIALS` for a header or a signature that is wrong, `TOO_MANY_ATTEMPTS`.
   */
  async identify(
    request: IncomingMessage,
    response?: ServerResponse,
  ): Promise<Identity | undefined> {
    const { authorization } = request.headers;
    if (authorization !== undefined) return this.#byHeader(authorization, request);
    return this.#bySession(request, response) ?? this.#bySignature(request);
  }

  /** Notes an answer to somebody, which ends when the right to it does. */
  track(identity: Identity, socket: Duplex): () => void {
    return this.#responses.add(identity, socket);
  }

  /**
   * Lets a browser in, for as long as it comes back.
   * @returns Who it is, and the cookie for it.
   * @throws {ThingError} `BAD_CREDENTIALS`, `TOO_MANY_ATTEMPTS`.
   */
  async begin(
    request: IncomingMessage,
    asked: LoginRequest,
  ): Promise<{ account: Account; cookie: string }> {
    const account = await this.#accountOf(asked, clientAddressOf(request));
    await this.end(request, this.#bySession(request));
    const secret = await this.#sessions.begin(this.#file.current.key, account.id);
    this.#log.info(
      `'${account.name}' (${account.role}) logged in from ${clientAddressOf(request)}.`,
    );
    return { account, cookie: sessionCookie(request, secret) };
  }

  /** Ends a browser's session, and all that it still reads. @returns The cookie that takes its place. */
  async end(request: IncomingMessage, identity: Identity | undefined): Promise<string> {
    this.#responses.forget(request.socket);
    if (identity?.session) await this.#sessions.end(identity.session);
    return noSessionCookie(request);
  }

  /**
   * The path with what lets anybody read it for so many seconds.
   * @throws {ThingError} `BAD_ARGUMENT` for too long.
   */
  sign(identity: Identity, path: string, seconds: number): { path: string; expires: number } {
    const left =
      ((identity.account.expires ?? Number.POSITIVE_INFINITY) - this.#clock.wall()) / 1000;
    const longest = Math.floor(Math.min(LONGEST_SIGNED_S, left));
    if (seconds > longest) {
      throw new ThingError(
        "BAD_ARGUMENT",
        `This address cannot be valid for ${seconds} s: the limit is ${longest} s.`,
      );
    }
    const expires = Math.floor(this.#clock.now() / 1000) + seconds;
    const signed = { account: identity.account.id, expires };
    return {
      path: signedPath(this.#file.current.key, path, signed),
      expires: expires * 1000 + this.#clock.wall() - this.#clock.now(),
    };
  }

  /** The path with what lets anybody read it for 29 days at least, in the server's own name: the same for a day. */
  signForServer(path: string): string {
    const today = Math.floor(this.#clock.now() / DAY_MS) * (DAY_MS / 1000);
    const { id } = this.#file.current.server;
    const signed = { account: id, expires: today + LONGEST_SIGNED_S };
    return signedPath(this.#file.current.key, path, signed);
  }

  async #byHeader(authorization: string, request: IncomingMessage): Promise<Identity> {
    const credentials = credentialsIn(authorization);
    if (!credentials) throw new ThingError("BAD_CREDENTIALS", UNREADABLE);
    const account = await this.#accountOf(credentials, clientAddressOf(request));
    const via = "token" in credentials ? "token" : "password";
    return { account, role: account.role, via };
  }

  #bySession(request: IncomingMessage, response?: ServerResponse): Identity | undefined {
    const secret = sessionSecretIn(request);
    const { current } = this.#file;
    const session = secret === undefined ? undefined : this.#sessions.use(current.key, secret);
    const account = session && current.byId(session.account, this.#clock.wall());
    if (!secret || !account) return undefined;
    if (session.renew) response?.setHeader("Set-Cookie", sessionCookie(request, secret));
    return { account, role: account.role, via: "session", session: session.id };
  }

  #bySignature({ method, url = "" }: IncomingMessage): Identity | undefined {
    if ((method !== "GET" && method !== "HEAD") || !url.includes("signature=")) return undefined;
    const { current } = this.#file;
    const signed = signatureIn(current.key, url, this.#clock.now());
    const account = signed && current.byId(signed.account, this.#clock.wall());
    if (!account) throw new ThingError("BAD_CREDENTIALS", BAD_SIGNATURE);
    return { account, role: "view", via: "signature", expires: signed.expires * 1000 };
  }

  async #accountOf(asked: LoginRequest, address: string): Promise<Account> {
    try {
      if (!("code" in asked)) return await this.#credentials.accountOf(asked, address);
      const account = this.#codes.spend(asked.code);
      if (account) return account;
      this.#limit.begin(address);
      throw new ThingError("BAD_CREDENTIALS", BAD_CODE);
    } catch (error) {
      if (!(error instanceof ThingError)) throw error;
      const isRefused = error.code === "TOO_MANY_ATTEMPTS";
      this.counts[isRefused ? "refused" : "failed"] += 1;
      if (!isRefused) this.#log.warn(`A login from ${address} was refused: ${error.message}`);
      throw error;
    }
  }

  /** Whether what once let somebody in still would. */
  #holds({ account, expires = Number.POSITIVE_INFINITY, session }: Identity): boolean {
    if (this.#clock.now() >= expires) return false;
    if (!this.#file.current.byId(account.id, this.#clock.wall())) return false;
    return session === undefined || this.#sessions.has(session);
  }
}

const UNREADABLE =
  "The Authorization header is neither 'Bearer TOKEN' nor 'Basic' with a name and a password in base64.";
const BAD_SIGNATURE =
  "This signed address has expired, was changed, or was signed by an account that can no longer log in. Request a new one.";
const NO_SESSION = "There is no such session: it has ended already.";
const BAD_CODE =
  "This code was already used, is older than ten minutes, or gave way to ten newer ones. Have an admin show a new link in the account menu, or log in with a token (thingscope tokens create) or a password.";

interface ActiveResponse {
  readonly identity: Identity;
  readonly socket: Duplex;
}

/** Responses in progress, including streams and WebSockets, so that they end with the right to them. */
class ActiveResponses {
  readonly #open = new Set<ActiveResponse>();

  /** @returns What to call when the answer has ended. */
  add(identity: Identity, socket: Duplex): () => void {
    const answer = { identity, socket };
    this.#open.add(answer);
    return () => this.#open.delete(answer);
  }

  /** What ends a right is itself answered to the end. */
  forget(socket: Duplex): void {
    for (const answer of this.#open) if (answer.socket === socket) this.#open.delete(answer);
  }

  /** Cuts off those whose identity does not hold any more. */
  endUnless(holds: (identity: Identity) => boolean): void {
    for (const { identity, socket } of this.#open) if (!holds(identity)) socket.destroy();
  }
}
