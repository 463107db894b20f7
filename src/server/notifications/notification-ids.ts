import { randomBytes } from "node:crypto";
import { toDateTime } from "../../base/clock.ts";

const ID = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Makes the UUIDs of this process its own: 17 hexadecimal digits. */
const SALT = randomBytes(9).toString("hex").slice(0, 17);

/** The id of what has this stamp: its time, RFC 3339, to the microsecond. Ids sort as their stamps do, as text too. */
export function idOf(stamp: number): string {
  const ms = Math.floor(stamp / 1000);
  const rest = String(stamp % 1000).padStart(3, "0");
  return `${toDateTime(ms).slice(0, -1)}${rest}Z`;
}

/** Whether a text may have been an id, of this server or of one before it. */
export function isNotificationId(text: string): boolean {
  return ID.test(text);
}

/**
 * The stamp after which a reader goes on that was last told `id`. An id in the future was given before the clock was set
 * back, as on a machine that keeps no time while it is off: its reader has missed everything since, instead of nothing until then.
 */
export function cursorAfter(id: string, present: number): number {
  const stamp = Date.parse(`${id.slice(0, 23)}Z`) * 1000 + Number(id.slice(23, 26));
  return stamp <= present ? stamp : 0; // 0 also for one that is no time, such as the 31st of June
}

/** The id of a stamp as a UUID in the format of version 4, for protocols that want one. The time is in it, so that it can be found again. */
export function uuidOf(stamp: number): string {
  const digits = stamp.toString(16).padStart(13, "0");
  const [a, b, c] = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12)];
  return `${a}-${b}-4${c}${SALT.slice(0, 2)}-8${SALT.slice(2, 5)}-${SALT.slice(5)}`;
}

/** The id in a UUID that `uuidOf` made, of this process or another; `undefined` for any other. */
export function idInUuid(uuid: string): string | undefined {
  const [, a, b, c] = /^([0-9a-f]{8})-([0-9a-f]{4})-4([0-9a-f])[0-9a-f]{2}-8/i.exec(uuid) ?? [];
  const stamp = Number.parseInt(`${a}${b}${c}`, 16);
  return a !== undefined && stamp <= Number.MAX_SAFE_INTEGER ? idOf(stamp) : undefined;
}
