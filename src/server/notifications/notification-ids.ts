import { randomBytes } from "node:crypto";
import { toDateTime, wallTime } from "../../base/clock.ts";

const ID = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/**
 * Names notifications by the time at which they arose, to the microsecond, RFC 3339. No two have the same, and each
 * sorts behind all before it, as text too: also when the clock is set back, until which time they are a microsecond apart; and
 * across restarts, unless it was set back between them.
 */
export class NotificationIds {
  /** Makes the UUIDs of this run its own. */
  readonly #salt = randomBytes(9).toString("hex").slice(0, 17);
  #last = 0;

  /** For a notification that arises now. */
  next(): string {
    this.#last = Math.max(this.#last + 1, microseconds());
    return written(this.#last);
  }

  /** An id as a UUID in the format of version 4, for protocols that want one. */
  uuidOf(id: string): string {
    return uuidOfId(id, this.#salt);
  }

  /** Behind every id that there is, before every one to come. */
  present(): string {
    this.#last = Math.max(this.#last, microseconds());
    return written(this.#last);
  }
}

/** Whether a text may have been an id, of this server or of one before it. */
export function isNotificationId(text: string): boolean {
  return ID.test(text);
}

/**
 * The place of a reader that was last told `id`. An id of a time to come was given before the clock was set back, as on
 * a machine that keeps no time while it is off: its reader has missed everything since, instead of nothing until then.
 */
export function placeAfter(id: string, present: string): string {
  return id > present ? "" : id;
}

function microseconds(): number {
  return Math.floor(wallTime() * 1000);
}

function written(epochMicroseconds: number): string {
  const ms = Math.floor(epochMicroseconds / 1000);
  const rest = String(epochMicroseconds % 1000).padStart(3, "0");
  return `${toDateTime(ms).slice(0, -1)}${rest}Z`;
}

/** The time is in it, so that it can be found again. @param salt - 17 hexadecimal digits. */
function uuidOfId(id: string, salt: string): string {
  const digits = microsecondsIn(id).toString(16).padStart(13, "0");
  const [a, b, c] = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12)];
  return `${a}-${b}-4${c}${salt.slice(0, 2)}-8${salt.slice(2, 5)}-${salt.slice(5)}`;
}

/** The id in a UUID that `uuidOf` made, of this run or another; `undefined` for any other. */
export function idInUuid(uuid: string): string | undefined {
  const [, a, b, c] = /^([0-9a-f]{8})-([0-9a-f]{4})-4([0-9a-f])[0-9a-f]{2}-8/i.exec(uuid) ?? [];
  const time = Number.parseInt(`${a}${b}${c}`, 16);
  return a !== undefined && time <= Number.MAX_SAFE_INTEGER ? written(time) : undefined;
}

function microsecondsIn(id: string): number {
  return Date.parse(`${id.slice(0, 23)}Z`) * 1000 + Number(id.slice(23, 26));
}
