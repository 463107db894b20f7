import type { ServerResponse } from "node:http";
import type { Exchange } from "../http/route.ts";
import { EventStreamWriter } from "../http/sse.ts";
import { assertId } from "./longpoll.ts";
import { placeAfter } from "./notification-ids.ts";
import type { Notification, NotificationLog } from "./notification-log.ts";

const RETRY_MS = 1000;
const MAX_WRITE_CHARACTERS = 64 * 1024;
/** Beyond this, a reader is waited for. */
const MAX_UNSENT_BYTES = 256 * 1024;
/** So many are written at once, even while the Thing's code goes on. */
const MAX_WAITING = 100;

/**
 * Answers with server-sent events: what was missed since `Last-Event-ID` (or `?after=`), then everything to come, under
 * the names of the affordances. A reader is sent no more than it takes: the logs are the queue. One who falls behind
 * what they hold is told so and dropped; who comes back with an id that is no longer held is told of the gap.
 * @throws {ThingError} `BAD_ARGUMENT`.
 */
export function sendNotifications(
  logs: readonly NotificationLog[],
  { present, counts }: { present: string; counts: EventStreamCounts },
  { request, response, query }: Exchange,
): void {
  const asked = request.headers["last-event-id"] ?? query.get("after") ?? undefined;
  if (asked !== undefined) assertId(String(asked));
  const writer = new EventStreamWriter(response, { retryMs: RETRY_MS });
  if (request.method === "HEAD") response.end();
  else
    new NotificationReader(logs, writer, response, counts).start(String(asked ?? present), present);
}

class NotificationReader {
  readonly #logs: readonly NotificationLog[];
  readonly #writer: EventStreamWriter;
  readonly #response: ServerResponse;
  readonly #counts: EventStreamCounts;
  /** The last that was written. */
  #after = "";
  /** Added since the last write. */
  #waiting = 0;

  constructor(
    logs: readonly NotificationLog[],
    writer: EventStreamWriter,
    response: ServerResponse,
    counts: EventStreamCounts,
  ) {
    this.#counts = counts;
    this.#logs = logs;
    this.#writer = writer;
    this.#response = response;
  }

  start(lastTold: string, present: string): void {
    this.#after = placeAfter(lastTold, present);
    const heldSince = this.#heldSince();
    if (this.#after < heldSince) {
      this.#counts.gaps += 1;
      this.#writer.send("gap", { after: lastTold, heldSince });
      this.#after = heldSince;
    }
    const stops = this.#logs.map((log) => log.onAdd(() => this.#schedule()));
    this.#counts.readers += 1;
    this.#response.on("drain", () => this.#write());
    this.#response.on("close", () => {
      this.#counts.readers -= 1;
      for (const stop of stops) stop();
    });
    this.#write();
  }

  /** A burst of notifications becomes few writes, after the Thing's own code has gone on. */
  #schedule(): void {
    this.#waiting += 1;
    if (this.#waiting === 1) setImmediate(() => this.#write());
    else if (this.#waiting % MAX_WAITING === 0) this.#write();
  }

  #write(): void {
    this.#waiting = 0;
    if (this.#response.writableEnded) return;
    if (this.#after < this.#heldSince()) {
      this.#counts.dropped += 1;
      this.#writer.drop("You read too slowly. Connect again with Last-Event-ID.");
      return;
    }
    while (this.#response.writableLength < MAX_UNSENT_BYTES) {
      let text = "";
      for (let next = this.#next(); next; next = this.#next()) {
        text += next.sse;
        this.#after = next.id;
        if (text.length > MAX_WRITE_CHARACTERS) break;
      }
      if (text === "") return;
      this.#writer.write(text);
    }
  }

  #next(): Notification | undefined {
    let first: Notification | undefined;
    for (const log of this.#logs) {
      const found = log.after(this.#after);
      if (found && (first === undefined || found.id < first.id)) first = found;
    }
    return first;
  }

  /** Everything after this id is held, of all logs. */
  #heldSince(): string {
    return (
      this.#logs
        .map(({ heldSince }) => heldSince)
        .sort()
        .at(-1) ?? ""
    );
  }
}

/** How readers of server-sent notifications fare, of a whole server. */
export class EventStreamCounts {
  /** Connected now. */
  readers = 0;
  /** Dropped because they read too slowly. */
  dropped = 0;
  /** Came back, or late, for notifications that were no longer held. */
  gaps = 0;
}
