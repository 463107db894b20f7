import { delay } from "../base/abort.ts";
import type { Attempt } from "../base/attempt.ts";
import { sameBytes } from "../base/bytes.ts";
import { wallTime } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Heartbeats } from "../base/heartbeats.ts";
import { supervisedValues } from "../base/supervised-values.ts";
import type { ClockSet } from "../frames/clock-set.ts";
import { readSentPicture, STREAM_ACCEPT } from "../frames/sent-picture.ts";
import { boundaryOf, MultipartParser, type Part } from "../frames/wire/multipart.ts";
import { BodyDoubt, isOnePicture, mayBePictures } from "../frames/wire/stream-type.ts";
import { chunksOf, SILENT_MS, silenceOf } from "./body-chunks.ts";
import { ClientError, endedByServer, mayPass } from "./client-error.ts";
import { type ConnectionOptions, Http, parseUrl } from "./http.ts";
import { mayBeMisread } from "./lenient.ts";
import { newestOf } from "./newest.ts";
import { RECONNECT_PAUSES } from "./reconnects.ts";

/** From one picture to the next request, where an address gives single pictures. */
const POLL_MS = 200;

/** One picture that was received. */
export interface RemoteFrame {
  /** One JPEG file, as it came. */
  readonly jpeg: Uint8Array;
  /** The server's id of the run; of a server that has none, this reader's id of the connection. */
  readonly run: string;
  /** Counts the frames of a run from 0: the server's number, else one that counts what has been received. */
  readonly index: number;
  readonly numberedBy: "server" | "reader";
  /** End of exposure, epoch ms, when the server tells it (`X-Timestamp`). */
  readonly capturedAt: number | undefined;
  /** When its last byte was here, epoch ms. */
  readonly receivedAt: number;
  /** Frames of the same run between the one given before and this one. */
  readonly skipped: number;
  /** Where a re-served frame was captured first, as the server words it (`X-Origin`). */
  readonly origin: string | undefined;
  /** By how much the clock of the camera was set since the run began, where the server has put its times right (`X-Clock-Set`). */
  readonly clockSet: ClockSet | undefined;
}

/** How a stream is read. */
export interface ReaderOptions extends ConnectionOptions {
  /** Ends the reading; the loop ends without an error. */
  readonly signal?: AbortSignal;
  /** Gives each frame that the server sends, not the newest one alone: a slow reader then falls behind. */
  readonly every?: boolean;
  /** Connects again when the stream ends or breaks. The first attempt has to succeed. */
  readonly reconnect?: boolean;
  readonly maxFrameBytes?: number;
  /**
   * Longest time without a byte, ms: 9000. After that the server is taken for gone. One of this package says every 3 s that it still
   * stands, whatever its camera does; where another is to be silent for longer, `Infinity` waits for ever.
   */
  readonly silentMs?: number;
  /** Told why the server shows a placeholder in place of frames, and the picture. Placeholders are no frames. */
  readonly onPlaceholder?: (reason: string, jpeg: Uint8Array) => void;
}

/** What a reader has seen so far. */
export interface ReaderStats {
  received: number;
  /** Parts that were no JPEG. */
  refused: number;
  /** Frames that were not given, as far as their numbers tell. */
  skipped: number;
  connections: number;
}

/**
 * Reads a motion-JPEG stream (`multipart/x-mixed-replace`) of this package or of any other server, or an address that gives
 * one JPEG, again and again:
 *
 *     for await (const { jpeg, run, index } of new MJPEGReader(`${url}/camera/live`)) …
 *
 * The newest frame wins: a loop that takes its time skips frames, and is told how many.
 */
export class MJPEGReader implements AsyncIterable<RemoteFrame> {
  readonly url: string;
  readonly stats: ReaderStats = { received: 0, refused: 0, skipped: 0, connections: 0 };
  readonly #options: ReaderOptions;
  #http: Http;
  readonly #silentMs: number;

  /** @param http - The connection of a client that has one already. */
  constructor(url: string, options: ReaderOptions = {}, http = new Http(url, options)) {
    this.url = url;
    this.#options = options;
    this.#http = http;
    this.#silentMs = options.silentMs ?? SILENT_MS;
  }

  /**
   * Each loop has a connection of its own, which leaving the loop ends.
   * @throws {ClientError} `UNREACHABLE`; `BAD_ANSWER` for what is no stream; the server's, e.g. `STREAM_STOPPED`.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<RemoteFrame, void> {
    const leaving = new AbortController();
    const leave = () => leaving.abort();
    const { signal, every = false } = this.#options;
    if (signal?.aborted) return;
    signal?.addEventListener("abort", leave);
    let last: RemoteFrame | undefined;
    try {
      const received = this.#received(leaving.signal);
      for await (const frame of every ? received : newestOf(received)) {
        const isSameRun = last?.run === frame.run;
        const skipped = isSameRun && last ? Math.max(0, frame.index - last.index - 1) : 0;
        this.stats.skipped += skipped;
        last = { ...frame, skipped };
        yield last;
      }
    } finally {
      signal?.removeEventListener("abort", leave);
      leave();
    }
  }

  /** Frames as they come, over as many connections as it takes. */
  #received(signal: AbortSignal): AsyncGenerator<RemoteFrame, void> {
    const { reconnect = false } = this.#options;
    const before = this.stats.connections;
    const mayReconnect = (error: unknown) =>
      reconnect && this.stats.connections > before && mayPass(error);
    return supervisedValues((attempt) => this.#connection(attempt, reconnect), {
      pauses: RECONNECT_PAUSES,
      signal,
      mayEnd: true,
      mayPass: mayReconnect,
    });
  }

  async *#connection(attempt: Attempt, reconnect: boolean): AsyncGenerator<RemoteFrame, void> {
    const limits = { startMs: this.#silentMs, silenceMs: this.#silentMs };
    const heartbeats = silenceOf(this.url, limits, (error) => attempt.fail(error));
    const connection = new Connection();
    try {
      yield* this.#answers(connection, attempt.signal, heartbeats);
    } catch (error) {
      const lenient = mayBeMisread(error) ? this.#http.lenient : undefined;
      if (!lenient) throw error;
      this.#http = lenient;
      yield* this.#answers(connection, attempt.signal, heartbeats);
    } finally {
      heartbeats.stop();
    }
    if (reconnect) throw endedByServer(this.url);
  }

  /** One stream; or one picture after another, where an answer has no more. */
  async *#answers(
    connection: Connection,
    signal: AbortSignal,
    heartbeats: Heartbeats,
  ): AsyncGenerator<RemoteFrame, void> {
    for (;;) {
      const response = await this.#open(signal);
      if (!connection.isPolling) this.stats.connections += 1;
      connection.begin(response, `reader-${this.stats.connections}`);
      yield* this.#framesIn(response, connection, heartbeats);
      if (!connection.isPolling) return;
      await delay(POLL_MS, signal);
    }
  }

  async #open(signal: AbortSignal): Promise<Response> {
    const url = addressFor(this.url);
    const response = await this.#http.request(url, { accept: STREAM_ACCEPT, signal });
    const contentType = response.headers.get("content-type") ?? "";
    if (mayBePictures(contentType)) return response;
    await response.body?.cancel();
    throw this.#otherType(response);
  }

  #otherType({ headers, status }: Response): ClientError {
    const type = headers.get("content-type") ?? "";
    const why = `${this.url} is not a motion-JPEG stream: its content type is '${type}', not multipart/x-mixed-replace.`;
    return new ClientError("BAD_ANSWER", why, { url: this.url, status });
  }

  async *#framesIn(
    response: Response,
    connection: Connection,
    heartbeats: Heartbeats,
  ): AsyncGenerator<RemoteFrame, void> {
    const { maxFrameBytes } = this.#options;
    const type = response.headers.get("content-type") ?? "";
    const boundary = boundaryOf(type);
    const doubt = new BodyDoubt(type);
    const parser = new MultipartParser({
      boundary,
      ...(maxFrameBytes !== undefined && { maxPartBytes: maxFrameBytes }),
    });
    for await (const chunk of chunksOf(response)) {
      heartbeats.beat();
      heartbeats.pause(); // while a frame is used nothing is waited for
      connection.bytes += chunk.length;
      if (doubt.isRefuted(chunk)) throw this.#otherType(response);
      for (const part of this.#partsOf(parser, chunk)) {
        const frame = this.#frameOf(part, connection);
        if (frame) yield frame;
      }
      heartbeats.resume();
      if (parser.ended) break;
    }
    if (doubt.isRefuted()) throw this.#otherType(response);
    const { given } = parser;
    if (given !== 1) connection.isPolling = false;
    const isStream = parser.boundary !== undefined || connection.bytes === 0;
    if (given > 0 || (isStream && this.#options.reconnect)) return;
    const why = connection.bytes === 0 ? "it ended the stream" : parser.fault.replace(/,$/, "");
    throw new ClientError("BAD_ANSWER", `${this.url} sent no picture: ${why}.`, { url: this.url });
  }

  #partsOf(parser: MultipartParser, chunk: Uint8Array): Part[] {
    try {
      return parser.push(chunk);
    } catch (cause) {
      throw new ClientError("BAD_ANSWER", messageOf(cause), { cause, url: this.url });
    }
  }

  #frameOf({ headers, body }: Part, connection: Connection): RemoteFrame | undefined {
    const { isHeartbeat, placeholder, identity, capturedAt, clockSet } = readSentPicture(headers);
    if (isHeartbeat || body.length === 0) return undefined;
    if (placeholder !== undefined) {
      this.#options.onPlaceholder?.(placeholder, body);
      return undefined;
    }
    if (body[0] !== 0xff || body[1] !== 0xd8) {
      this.stats.refused += 1;
      return undefined;
    }
    if (connection.isRepeated(body)) return undefined;
    this.stats.received += 1;
    const { run, index } = identity ?? connection;
    connection.index += 1;
    return {
      jpeg: body,
      run,
      index,
      numberedBy: identity ? "server" : "reader",
      capturedAt,
      receivedAt: wallTime(),
      skipped: 0,
      origin: headers.get("x-origin"),
      clockSet,
    };
  }
}

/** What is known of one connection, or of one sequence of requests for single pictures. */
class Connection {
  run = "";
  index = 0;
  bytes = 0;
  /** Whether one picture is asked for again and again. */
  isPolling = false;
  #last: Uint8Array | undefined;

  begin(response: Response, run: string): void {
    this.run = run;
    this.bytes = 0;
    this.isPolling = isOnePicture(response.headers.get("content-type") ?? "");
  }

  /** Whether a picture that is asked for again is the one that was there before. */
  isRepeated(jpeg: Uint8Array): boolean {
    if (!this.isPolling) return false;
    if (this.#last && sameBytes(this.#last, jpeg)) return true;
    this.#last = jpeg;
    return false;
  }
}

/** Our server would send Chromium the next part's headers early, and so without the frame's identity. */
function addressFor(url: string): string {
  const parsed = parseUrl(url);
  const agent: unknown = Reflect.get(globalThis, "navigator")?.userAgent;
  const isChromium = typeof agent === "string" && agent.includes("Chrome/");
  if (isChromium && !parsed.searchParams.has("advance")) parsed.searchParams.set("advance", "0");
  parsed.username = "";
  parsed.password = "";
  return parsed.href;
}
