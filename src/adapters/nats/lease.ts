import { Type } from "typebox";
import { errorsIn } from "../../core/schema.ts";

/** How often a member renews its lease, ms. */
export const RENEWED_MS = 3000;
/** A member whose lease was not renewed for so long is gone, ms: two renewals may be lost. */
export const GONE_MS = 9000;
/** After a moment without a connection to NATS others have so long to say that they are there, ms. */
const BACK_MS = 3000;

/**
 * Header of an empty message in place of a lease, or where a Thing is closed: the instance that says so. Empty messages alone may be JetStream's, which publishes
 * heartbeats wherever a viewer's consumer wants them.
 */
export const LEFT = "Left";

/** What a clock of JavaScript shows at most, ms since 1970. */
export const LATEST_MS = 8.64e15;

/** What a member says of itself with each renewal. */
export interface Lease {
  /** Another one for each process: two servers with one name are told apart by it, also where one is a copy of the other's disk. */
  readonly instance: string;
  /** When that process joined, epoch ms by its own clock: of two with one name the older stays. */
  readonly since: number;
  /** Where it begins for other machines. */
  readonly url: string;
  readonly version: string;
  /** Other origins at which its pages may have been opened. */
  readonly origins?: readonly string[];
  /** Whether clients have to log in there. */
  readonly login?: boolean;
  /** How its clock stands to that of the fleet; absent before it is measured. */
  readonly clock?: LeaseClock;
}

/** How far a member's clock is ahead of that of `reference`, and how exactly that is known, ms. */
export interface LeaseClock {
  readonly reference: string;
  readonly offset_ms: number;
  readonly uncertainty_ms: number;
}

const LeaseSchema = Type.Object({
  instance: Type.String({ minLength: 1, maxLength: 100 }),
  since: Type.Number({ minimum: 0, maximum: LATEST_MS }),
  url: Type.String({ pattern: "^https?://[^\\s]+$", maxLength: 500 }),
  version: Type.String({ maxLength: 100 }),
  origins: Type.Optional(
    Type.Array(Type.String({ pattern: "^https?://[^/\\s]+$", maxLength: 300 }), { maxItems: 8 }),
  ),
  login: Type.Optional(Type.Boolean()),
  clock: Type.Optional(
    Type.Object({
      reference: Type.String({ maxLength: 63 }),
      offset_ms: Type.Number({ minimum: -LATEST_MS, maximum: LATEST_MS }),
      uncertainty_ms: Type.Number({ minimum: 0, maximum: LATEST_MS }),
    }),
  ),
});
const MOST_BYTES = 8192;

/** The lease in a message; undefined where there is none. */
export function leaseIn(text: string): Lease | undefined {
  try {
    const lease: unknown = text.length > MOST_BYTES ? undefined : JSON.parse(text);
    const isLease = errorsIn(LeaseSchema, lease).length === 0;
    return isLease && URL.canParse((lease as Lease).url) ? (lease as Lease) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * When a lease counts as renewed that nobody could hear being renewed from `pausedAt` to `time`. The longer NATS was away, the more
 * seldom its member tries to be back, and the longer it may take.
 */
export function renewedAfterPause(renewedAt: number, pausedAt: number, time: number): number {
  const left = Math.min(GONE_MS, BACK_MS + time - pausedAt);
  return Math.max(renewedAt, time + left - GONE_MS);
}
