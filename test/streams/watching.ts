import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { WAIT_MS } from "../limits.ts";

/** One part of a multipart stream, as it came over the wire. */
export interface Part {
  readonly headers: Map<string, string>;
  readonly jpeg: Buffer;
}

/** A program that watches a stream over a real socket and keeps the parts. */
export class Watcher {
  readonly parts: Part[] = [];
  readonly socket: Socket;
  readonly path: string;
  head = "";
  closed = false;
  #bytes = Buffer.alloc(0);
  /** What came since, joined once the part that has begun is whole: joining at each arrival copies large parts again and again. */
  #arrived: Buffer[] = [];
  #missing = 0;
  #wake: () => void = () => {};

  constructor(port: number, path: string, headers: string[] = [], version = "1.1") {
    this.path = path;
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("error", () => {});
    this.socket.on("data", (data) => this.#take(data));
    this.socket.on("close", () => {
      this.closed = true;
      this.#wake();
    });
    const lines = [`GET ${path} HTTP/${version}`, "Host: localhost", ...headers, "", ""];
    this.socket.write(lines.join("\r\n"));
  }

  /** Resolves when `condition` holds; it is tested at each arrival of bytes. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.closed) throw new Error(`The stream closed after ${this.parts.length} parts.`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async untilClosed(): Promise<void> {
    if (!this.closed) await once(this.socket, "close");
  }

  get rest(): Buffer {
    this.#join();
    return this.#bytes;
  }

  #take(data: Buffer): void {
    this.#arrived.push(data);
    this.#missing -= data.length;
    if (this.#missing <= 0) {
      this.#join();
      if (!this.head) this.#takeHead();
      if (this.head) while (this.#takePart());
    }
    this.#wake();
  }

  #join(): void {
    this.#bytes = Buffer.concat([this.#bytes, ...this.#arrived]);
    this.#arrived = [];
  }

  #takeHead(): void {
    const end = this.#bytes.indexOf("\r\n\r\n");
    if (end < 0) return;
    this.head = this.#bytes.toString("latin1", 0, end);
    this.#bytes = this.#bytes.subarray(end + 4);
  }

  #takePart(): boolean {
    const end = this.#bytes.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const lines = this.#bytes.toString("latin1", 0, end).split("\r\n").slice(1);
    const headers = new Map(
      lines.filter(Boolean).map((line) => {
        const [name, value] = line.split(": ");
        return [name!.toLowerCase(), value!];
      }),
    );
    const length = Number(headers.get("content-length"));
    this.#missing = end + 4 + length + 2 - this.#bytes.length;
    if (!(this.#missing <= 0)) return false;
    this.parts.push({ headers, jpeg: this.#bytes.subarray(end + 4, end + 4 + length) });
    this.#bytes = this.#bytes.subarray(end + 4 + length + 2);
    return true;
  }
}

/** Watches a stream until the test is over; resolves once it has given a frame, which may be long after its placeholders. */
export async function watch(t: TestContext, url: string): Promise<void> {
  const reader = await withFrame(url);
  t.after(() => reader.cancel().catch(() => {})); // its server may be gone by then
}

/** Resolves once a stream has given a frame: a slide takes a busy machine longer to make than anybody waits for a picture. */
export async function firstFrame(url: string): Promise<void> {
  await (await withFrame(url)).cancel();
}

async function withFrame(url: string) {
  const { body } = await fetch(url);
  const reader = body!.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${url} ended without a frame.`);
    if (Buffer.from(value).includes("X-Frame-Index")) return reader;
  }
}

/** A server on a free port of 127.0.0.1 that ends with the test. */
export async function serve(
  t: TestContext,
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ port: number; server: Server }> {
  const server = createServer(handler).listen(0, "127.0.0.1");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  const address = server.address();
  if (!address || typeof address === "string") throw new Error("The server has no port.");
  return { port: address.port, server };
}

/** Resolves when `condition` holds, looking each few milliseconds. */
export async function eventually(
  condition: () => boolean,
  withinMs: number = WAIT_MS,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Not so within ${withinMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
