import { now, wallTime } from "../../base/clock.ts";
import { History, stamps } from "../../base/history.ts";
import type { Role } from "../../core/affordances.ts";
import type { FrameEntry } from "../../frames/frame.ts";
import type { FrameLog } from "../../streams/frame-log.ts";
import type { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import type { Problem } from "../http/problem.ts";
import { idOf } from "./notification-ids.ts";

/** What a server-sent event is called that tells a problem instead of a value. */
const PROBLEM_EVENT = "problem";

/** A new value of a property, one emission of an event, or what kept either from being told. */
export class Notification {
  readonly stamp: number;
  /** Of the property or event. */
  readonly name: string;
  /** JSON; absent for an event without data. */
  readonly data: string | undefined;
  /** When it arose, on the clock of `now()`. */
  readonly at: number;
  /** Instead of data: why there is none. */
  readonly problem: Problem | undefined;
  /** Who may be told of it: an event may be for others by the time that a reader gets to it. */
  readonly role: Role;
  #id: string | undefined;
  #sse: string | undefined;

  constructor(
    stamp: number,
    name: string,
    data: string | undefined,
    {
      problem,
      at = now(),
      role = "view",
    }: { problem?: Problem | undefined; at?: number; role?: Role } = {},
  ) {
    this.stamp = stamp;
    this.name = name;
    this.data = data;
    this.problem = problem;
    this.role = role;
    this.at = at;
  }

  get id(): string {
    this.#id ??= idOf(this.stamp);
    return this.#id;
  }

  /** As a server-sent event, written once for all readers. JSON has no line breaks. */
  get sse(): string {
    const event = this.problem ? PROBLEM_EVENT : this.name;
    const data = this.problem ? JSON.stringify({ ...this.problem, name: this.name }) : this.data;
    this.#sse ??= `event: ${event}\nid: ${this.id}\ndata: ${data ?? "null"}\n\n`;
    return this.#sse;
  }
}

/** The last notifications of one property or event, for readers who come back and for those who wait. */
export interface NotificationLog {
  /** Of the property or event. */
  readonly name: string;
  readonly history: Pick<History<unknown>, "begin" | "end" | "heldSince" | "positionAfter">;
  /** The notification at a position of the history, if it is held. */
  at(position: number): Notification | undefined;
  /** Calls `listener` after each one that is added; returns how to end that. */
  onAdd(listener: () => void): () => void;
}

/** The logs of several properties or events: all of a Thing, to which more may come while they are followed. */
export interface NotificationLogs {
  /** Those that there are now. */
  all(): readonly NotificationLog[];
  /** Where more may come. */
  readonly more?: {
    readonly of: "properties" | "events";
    /** Calls `listener` when there may be; returns how to end that. */
    on(listener: () => void): () => void;
  };
}

/** That one, and no more to come. */
export function onlyLog(log: NotificationLog): NotificationLogs {
  return { all: () => [log] };
}

/** JSON, characters. */
const MOST_CHARACTERS = 4 << 20;
const CAPACITY = 1000;

/** Those of a property, or of an event of the Thing. */
export class HeldNotifications implements NotificationLog {
  readonly name: string;
  readonly history = new History<Notification>({
    ...{ capacity: CAPACITY, maxSize: MOST_CHARACTERS, sizeOf: charactersOf },
  });

  constructor(name: string) {
    this.name = name;
  }

  at(position: number): Notification | undefined {
    return this.history.at(position);
  }

  onAdd(listener: () => void): () => void {
    return this.history.onAdd(listener);
  }

  /** @param data - JSON. @param problem - Instead of a value: what kept it from being told. */
  tell(data: string | undefined, role: Role, problem?: Problem): void {
    const stamp = stamps.next();
    this.history.add(new Notification(stamp, this.name, data, { problem, role }), stamp);
  }
}

/** The new frames of a stream, as its own log holds them: nothing more is held for who follows them as notifications. */
export class FrameNotifications implements NotificationLog {
  readonly name: string;
  readonly history: FrameLog;
  readonly onAdd: (listener: () => void) => () => void;
  /** Written once for all readers, as long as the entry is held. */
  readonly #written = new WeakMap<FrameEntry, Notification>();

  constructor(name: string, stream: MJPEGStream) {
    this.name = name;
    this.history = stream.sizes;
    this.onAdd = (listener) => stream.follow(listener); // when viewers have been sent the frame
  }

  at(position: number): Notification | undefined {
    const entry = this.history.at(position);
    return entry && (this.#written.get(entry) ?? this.#write(entry, position));
  }

  #write(entry: FrameEntry, position: number): Notification {
    const stamp = this.history.stampAt(position)!;
    const data = JSON.stringify(toldOf(entry));
    const notification = new Notification(stamp, this.name, data, { at: entry.capturedAt });
    this.#written.set(entry, notification);
    return notification;
  }
}

/** What is told of a frame. */
export function toldOf({ run, index, capturedAt, size }: FrameEntry): FrameEntry {
  return { run, index, capturedAt: wallTime(capturedAt), size };
}

function charactersOf({ data, problem }: Notification): number {
  return problem ? problem.detail.length : (data?.length ?? 0);
}
