import type { Role } from "../../../core/affordances.ts";
import type { HostedThing } from "../../../core/hosted-thing.ts";
import type { Invocations } from "../../../core/invocations.ts";
import type { BlobStore } from "../../../outputs/blob-store.ts";
import type { ThingNotifications } from "../../notifications/thing-notifications.ts";

/** What a client of the Web Thing Protocol talks to, and what it may. */
export interface WebThingSessionOptions {
  readonly hosted: HostedThing;
  /** The `id` of its description. */
  readonly thingID: string;
  readonly invocations: Invocations;
  readonly notifications: ThingNotifications;
  readonly blobs: BlobStore | undefined;
  /** What links to blobs begin with. */
  readonly base: string;
  /** Whether the client may write and invoke. */
  readonly mayOperate: boolean;
  /** Events that are for others it is not told. */
  readonly role: Role;
}
