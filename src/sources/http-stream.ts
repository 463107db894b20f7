import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import type { ByteReader } from "../base/byte-reader.ts";
import { concatBytes } from "../base/bytes.ts";
import { checkedLookup } from "../base/outgoing.ts";
import { type PausingReader, receiveInto } from "../base/receive.ts";
import { thrownError } from "../base/thrown.ts";
import { BodyDecoder } from "./body-decoder.ts";
import { CodedReader, knownCoding } from "./content-coding.ts";
import { type HttpHead, HttpHeadReader } from "./http-head.ts";
import { distrust } from "./tls-trust.ts";

/** A connection that is silent for this long is probed by the kernel, ms: a source that may be silent for hours notices that its server is gone. */
const KEEP_ALIVE_MS = 10_000;

/**
 * The answer to one GET request, whose body is received into memory that is used again: `node:http` gives each piece a buffer of
 * its own, and passes it through a parser and a stream.
 */
export class HttpStream {
  readonly head: HttpHead;
  readonly #connection: Connection;
  readonly #signal: AbortSignal;
  #coded: CodedReader | undefined;

  /**
   * Resolves when the head of the answer is there.
   * @param headers - Beside `Host` and `Connection`.
   * @param fingerprint - Of the one certificate that is trusted: see `trustedFingerprint`.
   * @throws What went wrong with the connection; {HttpFault} for an answer that is no HTTP.
   */
  static async open(
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    fingerprint?: string,
  ): Promise<HttpStream> {
    signal.throwIfAborted();
    const lines = Object.entries({ Host: url.host, ...headers, Connection: "close" });
    const request =
      `GET ${url.pathname}${url.search} HTTP/1.1\r\n` +
      `${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
    const connection = new Connection(url, signal);
    connection.send(request, fingerprint);
    return new HttpStream(await connection.head, connection, signal);
  }

  private constructor(head: HttpHead, connection: Connection, signal: AbortSignal) {
    this.head = head;
    this.#connection = connection;
    this.#signal = signal;
  }

  /**
   * Gives the body to `reader`, without its content coding, until the answer ends or the reader has. Rejects with what broke it
   * off, or the reader threw.
   * @param isInside - Whether the reader needs more for what it has begun, whatever length the answer states.
   */
  async read(reader: PausingReader, isInside: () => boolean = () => false): Promise<void> {
    const coding = knownCoding(this.head.headers.get("content-encoding") ?? "");
    const { socket } = this.#connection;
    const coded =
      coding === undefined
        ? undefined
        : new CodedReader(reader, coding, {
            resume: () => socket.resume(),
            end: (error) => socket.destroy(error),
          });
    this.#coded = coded;
    const taking = coded ?? reader;
    const decoder = new BodyDecoder(taking, this.head, coded ? () => false : isInside);
    await this.#connection.readBody(decoder, () => taking.isPaused ?? false);
    await coded?.finish(this.#signal);
  }

  /** Goes on after its reader wanted a pause. */
  resume(): void {
    this.#coded?.resume();
    this.#connection.socket.resume();
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
  #isBodyPaused: () => boolean = () => false;

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

  /** Sends the request: over TLS when the server is known to be the right one, and not before. */
  send(request: string, fingerprint: string | undefined): void {
    const { socket } = this;
    if (!(socket instanceof TLSSocket)) {
      socket.write(request, "latin1");
      return;
    }
    socket.once("secureConnect", () => {
      const fault = distrust(socket, fingerprint);
      if (fault) socket.destroy(fault);
      else socket.write(request, "latin1");
    });
  }

  get isPaused(): boolean {
    return this.#early !== undefined || this.#isBodyPaused();
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

  readBody(body: ByteReader, isPaused: () => boolean): Promise<void> {
    const early = this.#early;
    this.#body = body;
    this.#isBodyPaused = isPaused;
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
    const { rest } = found;
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
  // Whether the server is trusted is decided when its certificate is there, which the sentence has to name.
  return connectTls({
    ...options,
    ...name,
    rejectUnauthorized: false,
    ALPNProtocols: ["http/1.1"],
  });
}
