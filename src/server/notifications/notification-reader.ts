import { abortable } from "../../base/abort.ts";
import type { Role } from "../../core/affordances.ts";
import { covers } from "../http/identity.ts";
import type { Notification, NotificationLog, NotificationLogs } from "./notification-log.ts";

interface Followed<About> {
  position: number;
  readonly about: About;
  stop(): void;
}

/** One that a reader has still to be told, with what it follows that log for. */
export interface Due<About> {
  readonly notification: Notification;
  readonly about: About;
}

/** A reader of any number of logs: its position in each. What it is told next is the oldest that it has not been told. */
export class NotificationReader<About = undefined> {
  readonly #logs = new Map<NotificationLog, Followed<About>>();
  /** What it follows as a whole, and how to end that. */
  readonly #wholes = new Map<string, { readonly about: About; stop(): void }>();
  readonly #role: Role;
  #onMore: () => void;

  /**
   * @param role - Of whom it reads for: notifications that are for others are passed over.
   * @param onMore - Called when there is something new to be told.
   */
  constructor(role: Role, onMore: () => void = () => {}) {
    this.#role = role;
    this.#onMore = onMore;
  }

  /** From the oldest held that came after the stamp `after`. A log that is followed already is followed anew. */
  follow(log: NotificationLog, after: number, about: About): void {
    this.leave(log);
    const position = log.history.positionAfter(after);
    this.#logs.set(log, { position, about, stop: log.onAdd(() => this.#onMore()) });
  }

  /** The same for several, and for those that come to them later. */
  followAll({ all, more }: NotificationLogs, after: number, about: About): void {
    const known = new Set(all());
    for (const log of known) this.follow(log, after, about);
    if (!more) return;
    this.#wholes.get(more.of)?.stop();
    const stop = more.on(() => {
      for (const log of all()) {
        if (!known.has(log) && !this.#logs.has(log)) this.follow(log, after, about);
        known.add(log);
      }
    });
    this.#wholes.set(more.of, { about, stop });
  }

  leave(log: NotificationLog): void {
    this.#logs.get(log)?.stop();
    this.#logs.delete(log);
  }

  /** Leaves every log, or those followed for something. */
  leaveAll(isMeant: (about: About) => boolean = () => true): void {
    for (const [log, { about }] of [...this.#logs]) if (isMeant(about)) this.leave(log);
    for (const [of, { about, stop }] of [...this.#wholes]) {
      if (!isMeant(about)) continue;
      this.#wholes.delete(of);
      stop();
    }
  }

  /** How many it was to be told and are no longer held. */
  get missed(): number {
    let missed = 0;
    for (const [{ history }, { position }] of this.#logs)
      missed += Math.max(0, history.begin - position);
    return missed;
  }

  /** It counts as told from now on. Undefined when the reader is up to date. */
  next(): Due<About> | undefined {
    let first: Notification | undefined;
    let from: Followed<About> | undefined;
    for (const [log, followed] of this.#logs) {
      const found = this.#nextIn(log, followed);
      if (found && (first === undefined || found.stamp < first.stamp)) {
        first = found;
        from = followed;
      }
    }
    if (!first || !from) return undefined;
    from.position += 1;
    return { notification: first, about: from.about };
  }

  #nextIn(log: NotificationLog, followed: Followed<About>): Notification | undefined {
    for (;;) {
      const found = log.at(followed.position);
      if (!found || covers(this.#role, found.role)) return found;
      followed.position += 1;
    }
  }

  /** The next one that is held, waited for if need be, and how many before it were not held any more. Rejects when `signal` aborts. */
  async nextToCome(signal: AbortSignal): Promise<Due<About> & { readonly missed: number }> {
    for (let missed = 0; ; ) {
      missed += this.missed;
      for (const [{ history }, followed] of this.#logs)
        followed.position = Math.max(history.begin, followed.position);
      const due = this.next();
      if (due) return { ...due, missed };
      const arrival = new Promise<void>((resolve) => {
        this.#onMore = resolve;
      });
      await abortable(arrival, signal);
    }
  }
}
