import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { ignoreAbort, withDeadline } from "../../base/abort.ts";

const MAX_UNSENT_BYTES = 1 << 20;
const HEARTBEAT_MS = 15_000;
/** What a reader has, after it was told why, before it is cut off: what waits for it is taken first. */
const DROP_MS = 10_000;

/**
 * Writes server-sent events. A reader who lets more than 1 MiB pile up is dropped with a reason: it can come back
 * with `Last-Event-ID` and be told what it missed.
 * @see WHATWG HTML, 9.2 Server-sent events.
 */
export class EventStreamWriter {
  readonly #response: ServerResponse;
  readonly #heartbeat: NodeJS.Timeout;

  /** @param retryMs - How long the reader is to wait before it connects again. */
  constructor(response: ServerResponse, { retryMs }: { retryMs?: number } = {}) {
    this.#response = response;
    response.writeHead(200, {
      "Content-Type": "text/event-stream",
      "Cache-Control": "no-store",
      "X-Accel-Buffering": "no",
    });
    response.flushHeaders();
    this.#heartbeat = setInterval(() => this.write(":\n\n"), HEARTBEAT_MS).unref();
    response.on("close", () => clearInterval(this.#heartbeat));
    if (retryMs !== undefined) this.write(`retry: ${retryMs}\n\n`);
  }

  /** Sends one message; `data` as JSON on one line. */
  send(event: string, data: unknown, id?: string): void {
    const idLine = id === undefined ? "" : `id: ${id}\n`;
    this.write(`event: ${event}\n${idLine}data: ${JSON.stringify(data ?? null)}\n\n`);
  }

  /** Sends messages that are written already. */
  write(text: string): void {
    if (this.#response.destroyed || this.#response.writableEnded) return;
    if (this.#response.writableLength > MAX_UNSENT_BYTES) {
      this.drop("This reader is too slow. Connect again with Last-Event-ID.");
    } else this.#response.write(text);
  }

  /** Ends the stream with a message that says why, and cuts the reader off if it does not take it. */
  drop(reason: string): void {
    dropReader(this.#response, reason);
  }
}

/** Ends a stream of server-sent events with a message that says why, and cuts its reader off if it does not take it. */
export function dropReader(response: ServerResponse, reason: string): void {
  if (response.destroyed || response.writableEnded) return;
  response.end(`event: dropped\ndata: ${JSON.stringify(reason)}\n\n`);
  const cut = setTimeout(() => response.destroy(), DROP_MS).unref();
  response.on("close", () => clearTimeout(cut));
}

const STALLED_MS = 30_000;

/** False when a reader takes nothing for 30 s, or has gone; it is cut off then: with its last event id it can come back. */
export async function drained(response: ServerResponse, gone: AbortSignal): Promise<boolean> {
  try {
    await withDeadline(STALLED_MS, gone, (signal) => once(response, "drain", { signal }));
    return true;
  } catch (error) {
    ignoreAbort(error);
    response.destroy();
    return false;
  }
}
