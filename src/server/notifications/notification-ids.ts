import { now, toDateTime } from "../../base/clock.ts";

const ID = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/**
 * Names notifications by the time at which they arose, to the microsecond, RFC 3339. No two have the same, and each
 * sorts behind all before it, as text too: also across restarts, unless the clock was set back between them.
 */
export class NotificationIds {
  #last = 0;

  /** For a notification that arises now. */
  next(): string {
    this.#last = Math.max(this.#last + 1, microseconds());
    return written(this.#last);
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

function microseconds(): number {
  return Math.floor(now() * 1000);
}

function written(epochMicroseconds: number): string {
  const ms = Math.floor(epochMicroseconds / 1000);
  const rest = String(epochMicroseconds % 1000).padStart(3, "0");
  return `${toDateTime(ms).slice(0, -1)}${rest}Z`;
}
