import type { Notification, NotificationLog } from "../notifications/notification-log.ts";
import type { WebThingRequest } from "./webthing-messages.ts";

interface Subscription {
  readonly log: NotificationLog;
  readonly kind: "property" | "event";
  /** What asked for it: its operation and correlation are those of the notifications. */
  readonly request: WebThingRequest;
  /** The id of the last that was sent. */
  after: string;
  stop(): void;
}

/** A notification that one client has still to be told. */
export interface Due {
  readonly notification: Notification;
  readonly kind: "property" | "event";
  readonly request: WebThingRequest;
}

/** What one client follows, and how far it has been told: for each property and event a place in its log. */
export class Subscriptions {
  readonly #subscriptions = new Map<NotificationLog, Subscription>();
  readonly #onAdd: () => void;

  /** @param onAdd - Called when there is something new to tell. */
  constructor(onAdd: () => void) {
    this.#onAdd = onAdd;
  }

  /** From `after` on. The last subscription to one log wins. */
  add(
    log: NotificationLog,
    { kind, request, after }: Pick<Subscription, "kind" | "request" | "after">,
  ): void {
    this.remove(log);
    const from = after < log.heldSince ? log.heldSince : after;
    const stop = log.onAdd(this.#onAdd);
    this.#subscriptions.set(log, { log, kind, request, after: from, stop });
  }

  remove(log: NotificationLog): void {
    this.#subscriptions.get(log)?.stop();
    this.#subscriptions.delete(log);
  }

  removeAll(kind?: Subscription["kind"]): void {
    for (const { log, kind: own } of [...this.#subscriptions.values()])
      if (kind === undefined || own === kind) this.remove(log);
  }

  /** Whether something that the client was to be told is no longer held. */
  get areBehind(): boolean {
    return [...this.#subscriptions.values()].some(({ log, after }) => after < log.heldSince);
  }

  /** The oldest that the client has not been told; it counts as told from now on. */
  next(): Due | undefined {
    let first: { notification: Notification; subscription: Subscription } | undefined;
    for (const subscription of this.#subscriptions.values()) {
      const notification = subscription.log.after(subscription.after);
      if (notification && (!first || notification.id < first.notification.id))
        first = { notification, subscription };
    }
    if (!first) return undefined;
    first.subscription.after = first.notification.id;
    return { notification: first.notification, ...first.subscription };
  }
}
