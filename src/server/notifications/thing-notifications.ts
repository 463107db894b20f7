import { messageOf, unknownAffordance } from "../../base/errors.ts";
import { stamps } from "../../base/history.ts";
import { type Log, silentLog } from "../../base/log.ts";
import type { Role } from "../../core/affordances.ts";
import type { Departure } from "../../core/departure.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import { blobReplacer } from "../../files/blob-store.ts";
import { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import { covers } from "../http/identity.ts";
import { problemOf } from "../http/problem.ts";
import { EventStreamCounts } from "../http/sse.ts";
import { RecentClients } from "./longpoll.ts";
import {
  FrameNotifications,
  HeldNotifications,
  type NotificationLog,
  type NotificationLogs,
} from "./notification-log.ts";

/** Of properties, and of events, that a Thing has had: it has fewer at a time. */
const MOST_LOGS = 3000;

/**
 * What one Thing tells by itself: new values of its observable properties, and its events, among them the new frames of
 * its streams. Each is held from the time at which somebody first asks for it; of frames their stream holds a log anyway.
 */
export class ThingNotifications {
  readonly #hosted: HostedThing;
  readonly #hub: NotificationHub;
  readonly #properties = new Map<string, HeldNotifications>();
  readonly #events = new Map<string, NotificationLog>();
  /** Of the logs of events. */
  readonly #stops = new WeakMap<NotificationLog, () => void>();
  readonly #recent = new Map<string, RecentClients>();
  #isWatching = false;

  constructor(hosted: HostedThing, hub: NotificationHub) {
    this.#hosted = hosted;
    this.#hub = hub;
  }

  get counts(): EventStreamCounts {
    return this.#hub.counts;
  }

  get departure(): Departure {
    return this.#hosted.departure;
  }

  /** The stamp that all to come sort behind. */
  get present(): number {
    return stamps.present();
  }

  /** The new values of an observable property. */
  property(name: string): NotificationLog {
    const known = this.#hosted.model.properties;
    if (!known.has(name))
      throw unknownAffordance(this.#hosted.name, "property", name, known.keys());
    this.#watchProperties();
    const log = this.#properties.get(name) ?? new HeldNotifications(name);
    this.#properties.set(name, log);
    if (this.#properties.size > MOST_LOGS) this.#forgetGone(this.#properties, known);
    return log;
  }

  /** Of one event, or of the new frames of a stream (`{stream}_new_frame`). */
  event(name: string): NotificationLog {
    const known = this.#events.get(name);
    if (known) return known;
    const stream = this.#streamOf(name);
    const log = stream ? new FrameNotifications(name, stream) : this.#heldEvent(name);
    this.#events.set(name, log);
    if (this.#events.size > MOST_LOGS) this.#forgetGone(this.#events, this.#hosted.model.events);
    return log;
  }

  /** Who polls at a path, also when the table of routes is made anew. */
  recentClients(path: string): RecentClients {
    if (this.#recent.size > 2 * MOST_LOGS) this.#recent.clear();
    const known = this.#recent.get(path) ?? new RecentClients();
    this.#recent.set(path, known);
    return known;
  }

  #heldEvent(name: string): HeldNotifications {
    const log = new HeldNotifications(name);
    const stops = [
      this.#hosted.onEvent(name, (data) => this.#tell(log, data, this.roleFor(name))), // throws if it is unknown
      this.#hosted.onEventFault(name, (error) =>
        log.tell(undefined, this.roleFor(name), problemOf(error)),
      ),
    ];
    this.#stops.set(log, () => stops.map((stop) => stop()));
    return log;
  }

  /** A Thing may add and remove properties and events of ever other names. */
  #forgetGone(logs: Map<string, NotificationLog>, known: ReadonlyMap<string, unknown>): void {
    for (const [name, log] of logs) {
      if (known.has(name) || log instanceof FrameNotifications) continue;
      this.#stops.get(log)?.();
      logs.delete(name);
    }
  }

  /** Of all observable properties. A stream's newest frame is always `null` among them, and so never new. */
  allProperties(): NotificationLogs {
    const observable = () =>
      [...this.#hosted.model.properties.values()].filter(({ observable }) => observable);
    return {
      all: () => observable().map(({ name }) => this.property(name)),
      more: { of: "properties", on: (listener) => this.#hosted.onModel(listener) },
    };
  }

  /** @param role - Of whom they are told to: events that are for others are left out. */
  allEvents(role: Role): NotificationLogs {
    const names = () => {
      const { events, streams } = this.#hosted.model;
      const told = [...events.keys()].filter((name) => covers(role, this.roleFor(name)));
      return [...told, ...[...streams.keys()].map((name) => `${name}_new_frame`)];
    };
    return {
      all: () => names().map((name) => this.event(name)),
      more: { of: "events", on: (listener) => this.#hosted.onModel(listener) },
    };
  }

  /** Who may be told of an event. */
  roleFor(event: string): Role {
    return this.#hosted.model.events.get(event)?.role ?? "view";
  }

  #watchProperties(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#hosted.onChange((changed, value) => {
      const log = this.#properties.get(changed);
      if (log) this.#tell(log, value ?? null, "view");
    });
    this.#hosted.onPropertyFault((changed, error) =>
      this.#properties.get(changed)?.tell(undefined, "view", problemOf(error)),
    );
  }

  #streamOf(event: string): MJPEGStream | undefined {
    const name = event.replace(/_new_frame$/, "");
    if (name === event || !this.#hosted.model.streams.has(name)) return undefined;
    const stream = this.#hosted.streamOf(name);
    return stream instanceof MJPEGStream ? stream : undefined;
  }

  /** Written at once, as it is now. A Thing that emits must not fail because its data cannot be written as JSON. */
  #tell(log: HeldNotifications, data: unknown, role: Role): void {
    try {
      const replacer = blobReplacer(() => this.#hub.prefix);
      log.tell(JSON.stringify(data, replacer), role);
    } catch (error) {
      const what = `A notification of '${log.name}' of '${this.#hosted.name}'`;
      this.#hub.log.error(`${what} is not JSON and was not told: ${messageOf(error)}`);
    }
  }
}

/** What all Things of a server tell by themselves, by whatever way. */
export class NotificationHub {
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
