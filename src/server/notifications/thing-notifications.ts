import { wallTime } from "../../base/clock.ts";
import { messageOf, unknownAffordance } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import type { Role } from "../../core/affordances.ts";
import type { Departure } from "../../core/departure.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import { blobReplacer } from "../../files/blob-store.ts";
import type { FrameEntry } from "../../streams/frame-log.ts";
import { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import { covers } from "../http/identity.ts";
import { problemOf } from "../http/problem.ts";
import { EventStreamCounts } from "./event-stream.ts";
import { NotificationIds } from "./notification-ids.ts";
import { NotificationLog } from "./notification-log.ts";

/** Frames are noted for a reader who comes back within this time. */
const FORGOTTEN_AFTER_MS = 60_000;

/** What the notifications of all Things share. */
export interface NotificationServices {
  readonly ids: NotificationIds;
  readonly counts: EventStreamCounts;
  readonly log: Log;
  /** Before the links to files in what is told. */
  readonly prefix: string;
}

/**
 * What one Thing tells by itself: new values of its observable properties, and its events, among them the new frames of
 * its streams. Each is held from the time at which somebody first asks for it.
 */
export class ThingNotifications {
  readonly counts: EventStreamCounts;
  readonly ids: NotificationIds;
  readonly departure: Departure;
  readonly #hosted: HostedThing;
  readonly #log: Log;
  readonly #prefix: string;
  readonly #properties = new Map<string, NotificationLog>();
  readonly #events = new Map<string, NotificationLog>();
  #isWatching = false;

  constructor(hosted: HostedThing, { ids, counts, log, prefix }: NotificationServices) {
    this.#hosted = hosted;
    this.ids = ids;
    this.#log = log;
    this.#prefix = prefix;
    this.departure = hosted.departure;
    this.counts = counts;
  }

  /** The id that all to come sort behind. */
  get present(): string {
    return this.ids.present();
  }

  /** The new values of an observable property. */
  property(name: string): NotificationLog {
    const known = this.#hosted.model.properties;
    if (!known.has(name))
      throw unknownAffordance(this.#hosted.name, "property", name, known.keys());
    this.#watchProperties();
    return this.#logIn(this.#properties, name);
  }

  /** Of one event, or of the new frames of a stream (`{stream}_new_frame`). */
  event(name: string): NotificationLog {
    const known = this.#events.get(name);
    known?.touch();
    if (known) return known;
    const stream = this.#streamOf(name);
    const log = new NotificationLog(name, this.ids);
    if (stream) {
      this.#followFrames(stream, log);
    } else {
      this.#hosted.onEvent(name, (data) => this.#add(log, data)); // throws if it is unknown
      this.#hosted.onEventFault(name, (error) => log.addProblem(problemOf(error)));
    }
    this.#events.set(name, log);
    return log;
  }

  /** Frames come often: they are noted only while somebody asks for them, and a while longer. The picture is not touched. */
  #followFrames(stream: MJPEGStream, log: NotificationLog): void {
    const stop = stream.follow((frame) => {
      if (log.idleMs < FORGOTTEN_AFTER_MS) {
        this.#add(log, frameEntry(frame));
      } else {
        stop();
        this.#events.delete(log.name);
      }
    });
  }

  /** Of all observable properties. A stream's newest frame is always `null` among them, and so never new. */
  allProperties(): NotificationLog[] {
    const { properties } = this.#hosted.model;
    return [...properties.values()]
      .filter(({ observable }) => observable)
      .map(({ name }) => this.property(name));
  }

  /** @param role - Of whom they are told to: events that are for others are left out. */
  allEvents(role: Role): NotificationLog[] {
    const { events, streams } = this.#hosted.model;
    const told = [...events.keys()].filter((name) => covers(role, this.roleFor(name)));
    const names = [...told, ...[...streams.keys()].map((name) => `${name}_new_frame`)];
    return names.map((name) => this.event(name));
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
      if (log) this.#add(log, value ?? null);
    });
    this.#hosted.onPropertyFault((changed, error) =>
      this.#properties.get(changed)?.addProblem(problemOf(error)),
    );
  }

  #logIn(logs: Map<string, NotificationLog>, name: string): NotificationLog {
    const log = logs.get(name) ?? new NotificationLog(name, this.ids);
    logs.set(name, log);
    return log;
  }

  #streamOf(event: string): MJPEGStream | undefined {
    const name = event.replace(/_new_frame$/, "");
    if (name === event || !this.#hosted.model.streams.has(name)) return undefined;
    const stream = this.#hosted.streamOf(name);
    return stream instanceof MJPEGStream ? stream : undefined;
  }

  /** Written at once, as it is now. A Thing that emits must not fail because its data cannot be written as JSON. */
  #add(log: NotificationLog, data: unknown): void {
    try {
      log.add(
        JSON.stringify(
          data,
          blobReplacer(() => this.#prefix),
        ),
      );
    } catch (error) {
      const what = `A notification of '${log.name}' of '${this.#hosted.name}'`;
      this.#log.error(`${what} is not JSON and was not told: ${messageOf(error)}`);
    }
  }
}

/** What is told of a frame. */
export function frameEntry({ run, index, capturedAt, size }: FrameEntry): FrameEntry {
  return { run, index, capturedAt: wallTime(capturedAt), size };
}

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
