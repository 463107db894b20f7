import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { type Static, Type } from "typebox";
import { now, wallTime } from "../../../base/clock.ts";
import { messageOf } from "../../../base/errors.ts";
import { countedLimit } from "../../../base/limit-hits.ts";
import type { Log } from "../../../base/log.ts";
import { errorsIn } from "../../../core/schema.ts";
import { SettingsFile } from "../../../core/settings-file.ts";
import { addressedOf } from "../../http/origin.ts";
import { isGuest } from "./accounts.ts";
import { hmac, newSecret } from "./secrets.ts";

/** Two clocks, ms, which a test may turn. */
export interface LoginClock {
  /** It never steps: how long sessions, codes and signed addresses last is measured with it. */
  readonly now: () => number;
  /** Epoch ms: what says whether the day has come on which a token ends. */
  readonly wall: () => number;
}

export const CLOCK: LoginClock = { now, wall: () => wallTime() };

/** One browser that is logged in. */
interface Session {
  /** Of the account that it speaks for: with it the session ends. */
  readonly account: string;
  /** On a clock that never steps, as the next; in the file by the wall clock. */
  used: number;
  /** When the browser was last told how long to keep the cookie. */
  renewed: number;
}

/** A session that is not used for this long has ended. */
const IDLE_MS = 30 * 24 * 3600_000;
const RENEW_MS = 24 * 3600_000;
const SAVE_MS = 3600_000;
const MAX_SESSIONS = 1000;
const PER_ACCOUNT = 20;
/** Guests share an account, and none of them begins a session: an admin does, with each link. */
const PER_GUEST_ACCOUNT = 200;

const sessionsLimit = countedLimit("sessions");

const Saved = Type.Object({ account: Type.String(), used: Type.Number() });

/** Who is logged in, on disk too: of each secret only what cannot be turned back. */
export class SessionStore {
  readonly #file: SettingsFile;
  readonly #log: Log;
  readonly #clock: LoginClock;
  readonly #sessions = new Map<string, Session>();
  #savedAt = 0;

  constructor(folder: string, log: Log, clock: LoginClock) {
    this.#file = new SettingsFile(join(folder, "sessions.json"), log);
    this.#log = log;
    this.#clock = clock;
  }

  async open(): Promise<void> {
    for (const [id, session] of Object.entries(await this.#file.load())) {
      if (!isSaved(session)) continue; // of a newer version: it ends, and the others do not
      const { account, used } = session;
      this.#sessions.set(id, { account, used: this.#loaded(used), renewed: 0 });
    }
  }

  /** @returns The secret that the browser is to keep. */
  async begin(key: string, account: string): Promise<string> {
    const secret = newSecret();
    const time = this.#clock.now();
    this.#sessions.set(hmac(key, secret), { account, used: time, renewed: time });
    this.#dropBeyondLimits(account);
    await this.#save();
    return secret;
  }

  /** The session of a secret, and its id, unless it has ended. It counts as used now. */
  use(key: string, secret: string): { id: string; account: string; renew: boolean } | undefined {
    const id = hmac(key, secret);
    if (!this.has(id)) return undefined;
    const session = this.#sessions.get(id)!;
    const time = this.#clock.now();
    session.used = time;
    const renew = time - session.renewed >= RENEW_MS;
    if (renew) session.renewed = time;
    if (time - this.#savedAt >= SAVE_MS) void this.#save();
    return { id, account: session.account, renew };
  }

  /** Those that have not ended, the latest used first; `used` in epoch ms. */
  list(): { id: string; account: string; used: number }[] {
    return [...this.#sessions]
      .filter(([id]) => this.has(id))
      .map(([id, { account, used }]) => ({ id, account, used: used + this.#shift }))
      .sort((a, b) => b.used - a.used);
  }

  has(id: string): boolean {
    const session = this.#sessions.get(id);
    return session !== undefined && this.#clock.now() - session.used < IDLE_MS;
  }

  /** Ends all of them. */
  async clear(): Promise<void> {
    this.#sessions.clear();
    await this.#save();
  }

  async end(id: string): Promise<void> {
    if (this.#sessions.delete(id)) await this.#save();
  }

  async close(): Promise<void> {
    if (this.#sessions.size > 0) await this.#save();
  }

  /** One that was used at a time to come was used before the clock was set back: it lasts from now on, not for ever. */
  #loaded(used: number): number {
    return Math.min(used - this.#shift, this.#clock.now());
  }

  get #shift(): number {
    return this.#clock.wall() - this.#clock.now();
  }

  /** Whoever logs in again and again ends sessions of his own. */
  #dropBeyondLimits(account: string): void {
    const most = isGuest(account) ? PER_GUEST_ACCOUNT : PER_ACCOUNT;
    if (this.#of(account).length > most) this.#dropOldest(account);
    if (this.#sessions.size > MAX_SESSIONS) this.#dropOldest(this.#accountWithMost());
  }

  #dropOldest(account: string): void {
    const [oldest] = this.#of(account).sort(([, a], [, b]) => a.used - b.used);
    if (!oldest) return;
    sessionsLimit.hit();
    this.#sessions.delete(oldest[0]);
  }

  #of(account: string): [string, Session][] {
    return [...this.#sessions].filter(([, session]) => session.account === account);
  }

  #accountWithMost(): string {
    const counts = new Map<string, number>();
    for (const { account } of this.#sessions.values()) {
      counts.set(account, (counts.get(account) ?? 0) + 1);
    }
    return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most), ["", 0])[0];
  }

  async #save(): Promise<void> {
    this.#savedAt = this.#clock.now();
    for (const id of this.#sessions.keys()) if (!this.has(id)) this.#sessions.delete(id);
    const entries = [...this.#sessions].map(([id, { account, used }]) => [
      id,
      { account, used: used + this.#shift },
    ]);
    try {
      await this.#file.save(Object.fromEntries(entries));
    } catch (error) {
      this.#log.error(
        `The sessions were not saved, so a restart will end them: ${messageOf(error)}`,
      );
    }
  }
}

/** The secret of the session that a browser sent along. */
export function sessionSecretIn(request: IncomingMessage): string | undefined {
  const name = `${cookieName(request)}=`;
  const pairs = request.headers.cookie?.split(";").map((pair) => pair.trim());
  const secret = pairs?.find((pair) => pair.startsWith(name))?.slice(name.length);
  return secret && /^[\w-]{32}$/.test(secret) ? secret : undefined;
}

/** No script reads it, and no page of another site sends it. */
export function sessionCookie(request: IncomingMessage, secret: string): string {
  return setCookie(request, secret, IDLE_MS / 1000);
}

export function noSessionCookie(request: IncomingMessage): string {
  return setCookie(request, "", 0);
}

function setCookie(request: IncomingMessage, value: string, seconds: number): string {
  const { scheme, prefix } = addressedOf(request);
  const secure = scheme === "https" ? "; Secure" : "";
  return `${cookieName(request)}=${value}; Path=${prefix}/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
}

/** Cookies are not told apart by port, so this one's name has it. */
function cookieName({ socket }: IncomingMessage): string {
  return `thingscope-${socket.localPort ?? 0}`;
}

function isSaved(saved: unknown): saved is Static<typeof Saved> {
  return errorsIn(Saved, saved).length === 0;
}
