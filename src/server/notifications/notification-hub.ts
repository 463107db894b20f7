import { type Log, silentLog } from "../../base/log.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import { EventStreamCounts } from "./event-stream-counts.ts";
import { NotificationIds } from "./notification-ids.ts";
import { ThingNotifications } from "./thing-notifications.ts";

/** What all Things of a server tell by themselves, by whatever way. */
export class NotificationHub {
  readonly ids = new NotificationIds();
  readonly counts = new EventStreamCounts();
  readonly log: Log;
  /** Before the path of every link that is told. */
  readonly prefix: string;
  readonly #byThing = new WeakMap<HostedThing, ThingNotifications>();

  constructor({ log = silentLog, prefix = "" }: { log?: Log; prefix?: string } = {}) {
    this.log = log;
    this.prefix = prefix;
  }

  of(hosted: HostedThing): ThingNotifications {
    const notifications = this.#byThing.get(hosted) ?? new ThingNotifications(hosted, this);
    this.#byThing.set(hosted, notifications);
    return notifications;
  }
}
