import { ThingError } from "../base/errors.ts";
import type { Log, LogLevel } from "../base/log.ts";
import type { InvocationLimits } from "./invocations.ts";

/** What the Things of one host share. */
export interface HostOptions {
  /** Where settings are kept. When absent, in a temporary folder that is removed at `close`. */
  settingsFolder?: string;
  /** Given to every Thing. */
  applicationConfig?: Record<string, unknown>;
  /** One action or write at a time in the whole host. */
  enableGlobalLock?: boolean;
  /** How an action is logged that does not run because the lock is held: `info`. */
  globalLockLogLevel?: LogLevel;
  /** How long a Thing may take to open, ms, before the others go on without it: 30,000. */
  openWithinMs?: number;
  /** How long all Things together may take to close, ms: 9,000 of the 10 s (`STOP_WITHIN_MS`) that a process has to end. */
  closeWithinMs?: number;
  /** The first and the longest pause, ms, before a Thing that became disconnected is opened again: 1,000 and 60,000. */
  reopenAfterMs?: readonly [number, number];
  /** How many invocations may run, or wait to, at once, and how much is kept of finished ones. */
  invocations?: InvocationLimits | undefined;
  log?: Log;
  /** Where files of the log are kept, one for each Thing and each program; nowhere when absent. */
  logFolder?: string | undefined;
}

/** How one Thing is put among the others. */
export interface AddOptions {
  /** Slot name to the name, or names, of the Things to connect; `null` for none. */
  slots?: Readonly<Record<string, string | readonly string[] | null>>;
  /** What it is called here, and what it is, in the place of what its class and its device say. */
  title?: string | undefined;
  description?: string | undefined;
  /**
   * A Thing whose class cannot be served whole is listed as failed, with the reason and what of it is sound, and never opened. Without
   * this it is refused.
   */
  keepRefused?: boolean;
}

const RESERVED = new Set(
  "assets things thing_descriptions thing_models action_invocations blob recordings logs frames directory docs health login logout metrics openapi.json signed_urls".split(
    " ",
  ),
);
const NAME = /^[A-Za-z0-9_-]+$/;

/** @throws {ThingError} `BAD_ARGUMENT` for a name that is taken, reserved or not fit for a URL. */
export function checkThingName(name: string, taken: ReadonlyMap<string, unknown>): void {
  const wrong = RESERVED.has(name)
    ? "is reserved for a route"
    : !NAME.test(name)
      ? "has characters other than A-Z a-z 0-9 _ -"
      : taken.has(name)
        ? "is taken"
        : undefined;
  if (wrong)
    throw new ThingError(
      "BAD_ARGUMENT",
      `A Thing cannot be named '${name}': the name ${wrong}. Choose another.`,
    );
}
