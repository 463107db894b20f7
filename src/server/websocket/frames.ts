import type { RawData, WebSocket } from "ws";
import { wallTime } from "../../base/clock.ts";
import { ThingError } from "../../base/errors.ts";
import { quoted } from "../../base/preview.ts";
import { isRecord } from "../../base/values.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import type { ThingHost } from "../../core/thing-host.ts";
import type { StoredFrame } from "../../frames/stored-picture.ts";
import { type FrameFeed, streamStopped } from "../../streams/frame-outlet.ts";
import { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import { NewestReader } from "../../streams/newest-reader.ts";
import type { SourceStatus } from "../../streams/source-state.ts";
import { checkVariant, type VariantOptions } from "../../streams/stream-request.ts";
import { problemOf } from "../http/problem.ts";
import { streamHealthOf } from "../streams/health.ts";
import { sendFrame } from "./frame-message.ts";
import { SocketSession } from "./session.ts";

/** A client acknowledges each frame: 64 streams at 60 Hz. */
const MESSAGE_RATE = { burst: 4000, perSecond: 4000 } as const;
/** Changes of its subscriptions, of which each takes a hundred times as long: all streams of a page in another size, three times. */
const REQUEST_RATE = { burst: 400, perSecond: 100 } as const;
const MOST_SUBSCRIPTIONS = 64;
/** Frames that have not left, those of ended subscriptions too: a page that is resized takes all its streams in another size. */
const MOST_UNSENT = 128;
/** How often a client hears that the server is there, and what time it is, ms. */
const HEARTBEAT_MS = 1000;
/** A client that takes nothing of a stream for so long watches it no more until it does: a tab in the browser's cache is open, ms. */
const UNTAKEN_MS = 30_000;
/** Bytes of an acknowledgement: the id of a subscription. */
const ID_BYTES = 4;

/** One stream that a client follows. */
interface Subscription {
  readonly reader: NewestReader;
  readonly request: Record<string, unknown>;
  readonly stops: readonly (() => void)[];
}

/**
 * One client of `/frames`: all the pictures of a page over one WebSocket (docs/internals/dashboard.md). Of each stream one
 * frame is under way at a time; the next is the newest when the client has taken that.
 */
export class FramesSession extends SocketSession {
  readonly #host: ThingHost;
  readonly #subscriptions = new Map<number, Subscription>();
  /** What was asked for, by id, of subscriptions whose frame was not taken in time. */
  readonly #resting = new Map<number, Record<string, unknown>>();
  readonly #untakenMs: number;
  readonly #heart: NodeJS.Timeout;
  #unsent = 0;

  /** @param version - What the server's pages are made of, by which a page sees that it is an old one. */
  constructor(socket: WebSocket, host: ThingHost, version: string, untakenMs = UNTAKEN_MS) {
    super(socket, MESSAGE_RATE, REQUEST_RATE);
    this.#host = host;
    this.#untakenMs = untakenMs;
    this.#tell({ version, now: wallTime() });
    this.#heart = setInterval(() => this.#beat(), HEARTBEAT_MS).unref();
    socket.on("close", () => {
      clearInterval(this.#heart);
      for (const id of [...this.#subscriptions.keys()]) this.#unsubscribe(id);
      this.#resting.clear();
    });
  }

  protected override receive(data: RawData, isBinary: boolean): void {
    if (isBinary) this.#taken(data);
    else this.#obey(requestIn(data));
  }

  #obey(request: Record<string, unknown>): void {
    try {
      if (request.subscribe !== undefined) this.#subscribe(request);
      else this.#unsubscribe(idIn(request.unsubscribe));
    } catch (error) {
      const id = request.subscribe ?? request.unsubscribe ?? null;
      this.answer(JSON.stringify({ id, problem: problemOf(error) }));
    }
  }

  /** Each id of a frame that was taken, in 32 bits. */
  #taken(data: RawData): void {
    const bytes = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
    for (let at = 0; at + ID_BYTES <= bytes.length; at += ID_BYTES) {
      const id = bytes.readUInt32LE(at);
      const rested = this.#resting.get(id);
      if (rested) this.#obey(rested);
      else this.#subscriptions.get(id)?.reader.taken();
    }
  }

  #subscribe(request: Record<string, unknown>): void {
    const { subscribe, stream: path, ...options } = request;
    const id = idIn(subscribe);
    this.#unsubscribe(id);
    const count = this.#subscriptions.size + this.#resting.size;
    if (count >= MOST_SUBSCRIPTIONS) throw tooManySubscriptions();
    if (this.#unsent >= MOST_UNSENT) throw tooManyUnsent();
    const [hosted, stream] = this.#streamAt(path);
    const feed = stream.watchedVariant(variantIn(options));
    const reader = new NewestReader(feed, (frame, sent) => {
      const full = fullSizeOf(stream, frame);
      this.#unsent += 1;
      const onSent = () => {
        this.#unsent -= 1;
        sent();
      };
      sendFrame(this.socket, frame, { id, full, onSent, isWanted: () => !reader.isClosed });
    });
    const tellStatus = () => this.#tellStatus(id, hosted, stream, feed);
    const stops = [
      () => reader.close(),
      stream.source.onChange(tellStatus),
      feed.onPlaceholder(tellStatus),
      stream.onStop(tellStatus),
      this.#host.onState((changed) => changed === hosted && tellStatus()),
      stream.onRun(() => this.#obey(request)), // a variant ends with its run
      hosted.departure.onLeft((error) => {
        this.#unsubscribe(id);
        this.#tell({ id, problem: problemOf(error) });
      }),
    ];
    this.#subscriptions.set(id, { reader, request, stops });
    tellStatus();
  }

  #unsubscribe(id: number): void {
    for (const stop of this.#subscriptions.get(id)?.stops ?? []) stop();
    this.#subscriptions.delete(id);
    this.#resting.delete(id);
  }

  /** The camera may go to rest, too. */
  #restUntaken(): void {
    for (const [id, { reader, request }] of this.#subscriptions) {
      if (reader.untakenMs < this.#untakenMs) continue;
      this.#unsubscribe(id);
      this.#resting.set(id, request);
    }
  }

  /** @throws {ThingError} `NOT_FOUND`, `BAD_ARGUMENT`. */
  #streamAt(path: unknown): [HostedThing, MJPEGStream] {
    const [thing = "", name = ""] = typeof path === "string" ? path.split("/") : [];
    const hosted = this.#host.things.get(thing);
    const stream = hosted?.model.streams.has(name) ? hosted.streamOf(name) : undefined;
    if (hosted && stream instanceof MJPEGStream) return [hosted, stream];
    throw new ThingError(
      "NOT_FOUND",
      `There is no stream '${quoted(String(path))}'. Name one as Thing and stream, e.g. camera/live.`,
    );
  }

  #tellStatus(id: number, hosted: HostedThing, stream: MJPEGStream, feed: FrameFeed): void {
    const { state, reason, since } = streamHealthOf(stream, hosted);
    const why = reason ?? stoppedReason(stream) ?? feed.placeholder?.reason;
    const status: SourceStatus = {
      state,
      ...(why !== undefined && { reason: why }),
      ...(since !== undefined && { since }),
    };
    this.outbox.send(`status ${id}`, () => JSON.stringify({ id, status }));
  }

  #beat(): void {
    this.#restUntaken();
    this.outbox.send("now", () => JSON.stringify({ now: wallTime() }));
  }

  #tell(message: object): void {
    this.answer(JSON.stringify(message));
  }
}

/** Pixels of the camera's picture, where a frame is a smaller one. */
function fullSizeOf(
  { pixels }: MJPEGStream,
  { width }: StoredFrame,
): readonly [number, number] | undefined {
  return pixels && pixels.width > width ? [pixels.width, pixels.height] : undefined;
}

function stoppedReason({ streaming }: MJPEGStream): string | undefined {
  return streaming ? undefined : streamStopped().message;
}

function requestIn(data: RawData): Record<string, unknown> {
  try {
    const request: unknown = JSON.parse(String(data));
    if (isRecord(request)) return request;
  } catch {
    // answered as any other message that is not understood
  }
  return {};
}

function idIn(id: unknown): number {
  if (typeof id === "number" && Number.isInteger(id) && id >= 0 && id < 2 ** 32) return id;
  throw new ThingError(
    "BAD_ARGUMENT",
    `A message must have 'subscribe' or 'unsubscribe', an integer from 0 to 4294967295 that names the subscription.`,
  );
}

function variantIn({ width, quality, fps }: Record<string, unknown>): VariantOptions {
  const given = Object.entries({ width, quality, fps }).filter(([, value]) => value !== undefined);
  return checkVariant(Object.fromEntries(given.map(([name, value]) => [name, toNumber(value)])));
}

function toNumber(value: unknown): number {
  return typeof value === "number" ? value : Number.NaN;
}

function tooManySubscriptions(): ThingError {
  return new ThingError(
    "TOO_MANY_VIEWERS",
    `This WebSocket already has ${MOST_SUBSCRIPTIONS} subscriptions, which is the limit. End one first.`,
  );
}

function tooManyUnsent(): ThingError {
  return new ThingError(
    "TOO_MANY_VIEWERS",
    `${MOST_UNSENT} frames wait in this WebSocket for the client to read them, which is the limit. Read them, then subscribe again.`,
  );
}
