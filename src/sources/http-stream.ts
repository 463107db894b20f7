import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ByteReader } from "../base/byte-reader.ts";
import { concatBytes } from "../base/bytes.ts";
import { checkedLookup } from "../base/outgoing.ts";
import { type PausingReader, receiveInto } from "../base/receive.ts";
import { thrownError } from "../base/thrown.ts";
import { ChunkedReader, LimitedReader } from "./chunked-reader.ts";
import { type HttpHead, HttpHeadReader } from "./http-head.ts";

/** A connection that is silent for this long is probed by the kernel, ms: a source that may be silent for hours notices that its server is gone. */
const KEEP_ALIVE_MS = 10_000;

/**
 * The answer to one GET request, whose body is received into memory that is used again: `node:http` gives each piece a buffer of
 * its own, and passes it through a parser and a stream.
 */
export class HttpStream {
  readonly head: HttpHead;
  readonly #connection: Connection;

  /**
   * Resolves when the head of the answer is there.
   * @param headers - Beside `Host` and `Connection`.
   * @throws What went wrong with the connection; {HttpFault} for an answer that is no HTTP.
   */
  static async open(
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<HttpStream> {
    signal.throwIfAborted();
    const connection = new Connection(url, signal);
    const lines = Object.entries({ Host: url.host, ...headers, Connection: "close" });
    const request = `GET ${url.pathname}${url.search} HTTP/1.1\r\n`;
    connection.socket.write(
      `${request}${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
      "latin1",
    );
    return new HttpStream(await connection.head, connection);
  }

  private constructor(head: HttpHead, connection: Connection) {
    this.head = head;
    this.#connection = connection;
  }

  /** Gives the body to `reader`, until the answer ends or the reader has. Rejects with what broke it off, or the reader threw. */
  read(reader: ByteReader): Promise<void> {
    const { headers } = this.head;
    const isChunked = /(?:^|,)\s*chunked$/i.test(headers.get("transfer-encoding") ?? "");
    if (isChunked) return this.#connection.readBody(new ChunkedReader(reader));
    const bytes = Number(headers.get("content-length") ?? Number.NaN);
    return this.#connection.readBody(bytes > 0 ? new LimitedReader(reader, bytes) : reader);
  }

  destroy(): void {
    this.#connection.socket.destroy();
  }
}

/** What is received is a head first, and a body as soon as somebody reads it. */
class Connection implements PausingReader {
  readonly socket: Socket;
  readonly head: Promise<HttpHead>;
  readonly #closed: Promise<void>;
  readonly #headReader = new HttpHeadReader();
  #onHead: (head: HttpHead) => void = () => {};
  /** What came in one piece with the head. */
  #early: Uint8Array | undefined;
  #body: ByteReader | undefined;

  constructor(url: URL, signal: AbortSignal) {
    this.socket = connectTo(
      url,
      receiveInto(this, (error) => this.socket.destroy(error)),
    );
    const onAbort = () => this.socket.destroy(thrownError(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
    this.#closed = new Promise((resolve, reject) => {
      this.socket.on("error", reject);
      this.socket.once("end", resolve);
      this.socket.once("close", () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      });
    });
    this.head = new Promise((resolve, reject) => {
      this.#onHead = resolve;
      this.#closed.then(
        () => reject(new Error("it closed the connection without a response")),
        reject,
      );
    });
  }

  get isPaused(): boolean {
    return this.#early !== undefined;
  }

  place(): Uint8Array | undefined {
    return this.#body?.place();
  }

  received(count: number): void {
    this.#body?.received(count);
    if (this.#body?.ended) this.socket.destroy();
  }

  read(bytes: Uint8Array): void {
    if (this.#body) this.#body.read(bytes);
    else if (this.#early)
      this.#early = concatBytes([this.#early, bytes]); // TLS gives what it has, paused or not
    else this.#readHead(bytes);
    if (this.#body?.ended) this.socket.destroy();
  }

  readBody(body: ByteReader): Promise<void> {
    const early = this.#early;
    this.#body = body;
    this.#early = undefined;
    try {
      if (early) this.read(early);
      this.socket.resume();
    } catch (error) {
      this.socket.destroy(thrownError(error));
    }
    return this.#closed;
  }

  #readHead(bytes: Uint8Array): void {
    const found = this.#headReader.read(bytes);
    if (!found) return;
    const rest = bytes.subarray(found.bytes);
    const isInterim = found.head.status < 200;
    if (isInterim) {
      if (rest.length > 0) this.#readHead(rest);
      return;
    }
    this.#early = rest.slice();
    this.#onHead(found.head);
  }
}

function connectTo(url: URL, onread: ReturnType<typeof receiveInto>): Socket {
  const isSecure = url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port || (isSecure ? 443 : 80));
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
  const options = { host, port, lookup: checkedLookup, onread, ...keepAlive };
  if (!isSecure) return connect(options);
  const name = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ ...options, ...name, ALPNProtocols: ["http/1.1"] });
}
