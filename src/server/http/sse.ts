import type { ServerResponse } from "node:http";
import { slowReaders } from "../../base/slow-readers.ts";
import type { Exchange } from "./route.ts";

/** A client that hears nothing for three of them takes the server for gone. */
const HEARTBEAT_MS = 3000;
/** What a reader has, after it was told why, before it is cut off: what waits for it is taken first. */
const DROP_MS = 10_000;
const MAX_WRITE_CHARACTERS = 64 * 1024;
/** So many are written at once, even while the Thing's code goes on. */
const MAX_WAITING = 100;

const droppedReaders = slowReaders("event_stream", "dropped");

/** What one reader is told: messages as they are sent, pulled when the reader has taken those before. */
export interface Messages {
  /** The next one; undefined while the reader has been told all. */
  next(): string | undefined;
  /** Calls when there may be another, or no more; returns how to end that. */
  follow(onMore: () => void): () => void;
  /** Nothing more will come. */
  readonly isOver?: boolean;
  /** Something that the reader was to be told is gone, and it cannot be told so: it is dropped. */
  readonly isBehind?: boolean;
}

/** How readers of server-sent events fare, of a whole server. */
export class EventStreamCounts {
  /** Connected now. */
  readers = 0;
  /** Dropped because they read too slowly. */
  dropped = 0;
  /** Came back, or late, for what was no longer held. */
  gaps = 0;
}

/**
 * Answers with server-sent events, until the client goes or there is nothing more. A reader is written to when it has taken what
 * it was sent before, so nothing queues for it: what it is told next is held for all, or is the newest. HEAD is answered at once.
 * @see WHATWG HTML, 9.2 Server-sent events.
 */
export function sendEvents(
  { request, response }: Pick<Exchange, "request" | "response">,
  counts: EventStreamCounts,
  open: () => Messages,
  { retryMs }: { retryMs?: number } = {},
): void {
  response.writeHead(200, {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
  });
  response.flushHeaders();
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  if (retryMs !== undefined) response.write(`retry: ${retryMs}\n\n`);
  new EventStream(response, counts, open());
}

/** One message; `data` as JSON on one line. */
export function messageOf(event: string, data: unknown, id?: string): string {
  const idLine = id === undefined ? "" : `id: ${id}\n`;
  return `event: ${event}\n${idLine}data: ${JSON.stringify(data ?? null)}\n\n`;
}

/** Ends a stream of server-sent events with a message that says why, and cuts its reader off if it does not take it. */
export function dropReader(response: ServerResponse, reason: string): void {
  if (response.destroyed || response.writableEnded) return;
  response.end(`event: dropped\ndata: ${JSON.stringify(reason)}\n\n`);
  const cut = setTimeout(() => response.destroy(), DROP_MS).unref();
  response.on("close", () => clearTimeout(cut));
}

class EventStream {
  readonly #response: ServerResponse;
  readonly #counts: EventStreamCounts;
  readonly #messages: Messages;
  readonly #onTurn = () => this.#write();
  /** Added since the last write. */
  #waiting = 0;

  constructor(response: ServerResponse, counts: EventStreamCounts, messages: Messages) {
    this.#response = response;
    this.#counts = counts;
    this.#messages = messages;
    const stop = messages.follow(() => this.#schedule());
    const heartbeat = setInterval(() => this.#sendHeartbeat(), HEARTBEAT_MS).unref();
    counts.readers += 1;
    response.on("drain", this.#onTurn);
    response.on("close", () => {
      counts.readers -= 1;
      clearInterval(heartbeat);
      stop();
    });
    this.#write();
  }

  /** A burst of messages becomes few writes, after the Thing's own code has gone on. */
  #schedule(): void {
    this.#waiting += 1;
    if (this.#waiting === 1) setImmediate(this.#onTurn);
    else if (this.#waiting % MAX_WAITING === 0) this.#write();
  }

  #write(): void {
    this.#waiting = 0;
    if (this.#response.writableEnded) return;
    if (this.#messages.isBehind) {
      this.#counts.dropped += 1;
      droppedReaders();
      dropReader(this.#response, "You read too slowly. Connect again with Last-Event-ID.");
      return;
    }
    while (!this.#response.writableNeedDrain) {
      const text = this.#batch();
      if (text === "") {
        if (this.#messages.isOver) this.#response.end();
        return;
      }
      this.#response.write(text);
    }
  }

  #batch(): string {
    let text = "";
    while (text.length <= MAX_WRITE_CHARACTERS) {
      const next = this.#messages.next();
      if (next === undefined) break;
      text += next;
    }
    return text;
  }

  /** Not to a reader that has still to take something: it would only be more. */
  #sendHeartbeat(): void {
    if (!this.#response.writableEnded && !this.#response.writableNeedDrain)
      this.#response.write(":\n\n");
  }
}
