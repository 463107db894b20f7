import type { ServerResponse } from "node:http";

const MAX_UNSENT_BYTES = 1 << 20;
const HEARTBEAT_MS = 15_000;

/**
 * Writes server-sent events. A reader who lets more than 1 MiB pile up is dropped with a reason: it can come back
 * with `Last-Event-ID` and be told what it missed.
 * @see WHATWG HTML, 9.2 Server-sent events.
 */
export class EventStreamWriter {
  readonly #response: ServerResponse;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.writeHead(200, {
      "Content-Type": "text/event-stream",
      "Cache-Control": "no-store",
      "X-Accel-Buffering": "no",
    });
    response.flushHeaders();
    this.#heartbeat = setInterval(() => this.#write(":\n\n"), HEARTBEAT_MS).unref();
    response.on("close", () => clearInterval(this.#heartbeat));
  }

  /** Sends one message; `data` as JSON on one line. */
  send(event: string, data: unknown, id?: string): void {
    const idLine = id === undefined ? "" : `id: ${id}\n`;
    this.#write(`event: ${event}\n${idLine}data: ${JSON.stringify(data ?? null)}\n\n`);
  }

  #write(text: string): void {
    if (this.#response.destroyed || this.#response.writableEnded) return;
    if (this.#response.writableLength > MAX_UNSENT_BYTES) {
      this.#response.end(
        'event: dropped\ndata: "This reader is too slow. Connect again with Last-Event-ID."\n\n',
      );
      return;
    }
    this.#response.write(text);
  }
}
