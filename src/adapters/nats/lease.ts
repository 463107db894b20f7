import { Type } from "typebox";
import { errorsIn } from "../../core/schema.ts";

/** How often a member renews its lease, ms. */
export const RENEWED_MS = 3000;
/** A member whose lease was not renewed for so long is gone, ms: two renewals may be lost. */
export const GONE_MS = 9000;

/** What a member says of itself with each renewal. */
export interface Lease {
  /** The same after every restart: two servers with one name are told apart by it. */
  readonly id: string;
  /** Where it begins for other machines. */
  readonly url: string;
  readonly version: string;
  /** Other origins at which its pages may have been opened. */
  readonly origins?: readonly string[];
  /** Whether clients have to log in there. */
  readonly login?: boolean;
}

const LeaseSchema = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 200 }),
  url: Type.String({ pattern: "^https?://[^\\s]+$", maxLength: 500 }),
  version: Type.String({ maxLength: 100 }),
  origins: Type.Optional(
    Type.Array(Type.String({ pattern: "^https?://[^/\\s]+$", maxLength: 300 }), { maxItems: 8 }),
  ),
  login: Type.Optional(Type.Boolean()),
});

/** The lease in a message; undefined where there is none. */
export function leaseIn(text: string): Lease | undefined {
  try {
    const lease: unknown = JSON.parse(text);
    return errorsIn(LeaseSchema, lease).length === 0 ? (lease as Lease) : undefined;
  } catch {
    return undefined;
  }
}
