import { abortable, isAbort, withDeadline } from "../base/abort.ts";
import { now, toDateTime, wallTime } from "../base/clock.ts";
import { ThingError } from "../base/errors.ts";
import type { EndpointRequest, EndpointResponse } from "../core/endpoint.ts";
import type { FrameSink, RunningSource } from "../frames/frame-source.ts";
import { inspectJpeg } from "../frames/jpeg/jpeg.ts";
import { JpegMender } from "../frames/jpeg/mended-jpeg.ts";
import {
  headersInText,
  lengthOfPicture,
  NO_HEADERS,
  type PushedPicture,
  pushedBody,
} from "./pushed-body.ts";
import { badBody, badPicture, noPicture } from "./pushed-faults.ts";
import { Pusher, type PushKind } from "./pusher.ts";

/** What a camera takes from programs. */
export interface PushedFramesOptions {
  /** Of one picture, bytes. */
  readonly maxFrameBytes: number;
  /** More pictures a second than this are dropped; a burst of half a second is taken. */
  readonly maxFps: number;
  /** What it is called at the beginning of a sentence, e.g. `Camera 'door'`. */
  readonly called: () => string;
  /** Has the source tried again now: somebody sends. */
  readonly wake: () => void;
  /** Called when somebody else sends, or nobody does any more. */
  readonly onPusher: () => void;
}

/** The source begins within this time of the first picture, ms. */
const READY_MS = 5000;
const TOO_FAST = "they came faster than max_fps";
const NOT_READY = "the camera was not ready for it";

/** A source whose pictures programs send: in a request each, in one endless body, or over a WebSocket. One program at a time. */
export class PushedFrames implements RunningSource {
  /** Pictures that came too fast, or while none was taken. */
  dropped = 0;
  /** Programs that were refused, since another one sends. */
  refused = 0;
  readonly #options: PushedFramesOptions;
  readonly #mender = new JpegMender();
  #sink: FrameSink | undefined;
  #pusher: Pusher | undefined;
  /** Requests that wait until pictures are taken. */
  readonly #waiting = new Set<() => void>();
  #fail: (error: Error) => void = () => {};
  #endLease: NodeJS.Timeout | undefined;
  #tokens: number;
  #filledAt = now();

  constructor(options: PushedFramesOptions) {
    this.#options = options;
    this.#tokens = this.#mostTokens;
  }

  /** Who sends now. */
  get pusher(): Pusher | undefined {
    return this.#pusher?.isPresent ? this.#pusher : undefined;
  }

  /** @throws {ThingError} `DISCONNECTED` when nobody sends. */
  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    if (!this.pusher) throw this.#nobody();
    this.#sink = sink;
    for (const begin of this.#waiting) begin();
    try {
      const failed = new Promise<never>((_, reject) => {
        this.#fail = reject;
      });
      await abortable(failed, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#sink = undefined;
      this.#fail = () => {};
      if (sink.isSilent) this.#end(this.#silent());
    }
  }

  /** Ends whoever sends: the camera is closed. */
  close(): void {
    clearTimeout(this.#endLease);
    this.#end(new ThingError("NOT_READY", `${this.#options.called()} is closed.`));
  }

  /**
   * The body of a request: one picture, or as many as it has.
   * @throws {ThingError} `LOCK_BUSY` while another program sends; `BAD_FRAME`, `BODY_TOO_LARGE`; `NOT_READY` if no picture is taken now.
   */
  async receive(request: EndpointRequest): Promise<EndpointResponse> {
    const { headers } = request;
    const length = lengthOfPicture(headers, this.#options.maxFrameBytes);
    if (
      length === 0 ||
      (length === undefined && !headers["transfer-encoding"] && !headers["content-length"])
    )
      throw new ThingError(
        "BAD_FRAME",
        "The request has no body. Send a JPEG file as the body, with its Content-Length or chunked.",
      );
    const kind = length === undefined ? "body" : "picture";
    return this.#asPusher(kind, request, async (pusher) => {
      let pictures = 0;
      let fault: unknown;
      const onPicture = (picture: PushedPicture) => {
        const refusal = this.#refusal(picture.jpeg);
        if (refusal && kind === "picture") throw refusal;
        if (refusal) fault ??= refusal;
        else pictures += 1;
        this.#take(pusher, picture);
      };
      const { maxFrameBytes } = this.#options;
      const memoryFor = (bytes: number) => this.#sink?.room(bytes);
      const dropped = this.dropped;
      const body = pushedBody({ headers, maxFrameBytes, memoryFor, onPicture });
      await request.readBytes(body).catch((error: unknown) => {
        throw badBody(error);
      });
      if (pictures === 0) throw fault ?? noPicture(body.fault);
      const told = { pictures, dropped: this.dropped - dropped };
      return { status: 200, contentType: "application/json", body: told };
    });
  }

  /** The messages of a WebSocket: each binary one is a picture; text before it is JSON that describes it. @throws as `receive`. */
  receiveMessages(request: EndpointRequest): Promise<EndpointResponse> {
    return this.#asPusher("websocket", request, async (pusher) => {
      let headers = NO_HEADERS;
      await request.readMessages((message) => {
        if (typeof message === "string") headers = headersInText(message);
        else {
          if (!isJpeg(message)) throw this.#refusal(message);
          this.#take(pusher, { jpeg: message, headers });
          headers = NO_HEADERS;
        }
      }, this.#options.maxFrameBytes);
      return { status: 200, contentType: "application/json", body: {} };
    });
  }

  /** Does what a program asked for as the one that sends. */
  async #asPusher(
    kind: PushKind,
    request: EndpointRequest,
    work: (pusher: Pusher) => Promise<EndpointResponse>,
  ): Promise<EndpointResponse> {
    const pusher = this.#claim(kind, request);
    pusher.open += 1;
    let hasEnded = false;
    try {
      await this.#ready(request.signal);
      const answer = await abortable(work(pusher), pusher.ended);
      hasEnded = true;
      return answer;
    } finally {
      pusher.open -= 1;
      this.#left(pusher, hasEnded || (kind === "picture" && pusher.hasSent));
    }
  }

  #claim(kind: PushKind, { client, query, headers }: EndpointRequest): Pusher {
    const run = headers["x-stream-run"] ?? "";
    const present = this.pusher;
    if (present?.isSame(kind, client, run)) return present;
    const isTakeover = query.get("takeover") === "1";
    if (present?.isSending && !isTakeover) throw this.#busy(present);
    const pusher = new Pusher(kind, client, run);
    this.#end(this.#replaced(pusher));
    this.#pusher = pusher;
    this.#options.onPusher();
    return pusher;
  }

  /** Resolves when pictures are taken. */
  async #ready(gone: AbortSignal): Promise<void> {
    if (this.#sink) return;
    let begin = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    this.#waiting.add(begin);
    this.#options.wake();
    try {
      await withDeadline(READY_MS, gone, (either) => abortable(begun, either));
    } catch (error) {
      if (gone.aborted || !isAbort(error)) throw error;
      const why = "nobody wants its frames, and keep_warm is false";
      throw new ThingError("NOT_READY", `${this.#options.called()} takes no pictures now: ${why}.`);
    } finally {
      this.#waiting.delete(begin);
    }
  }

  #take(pusher: Pusher, { jpeg, headers }: PushedPicture): void {
    if (pusher.isOver) return;
    pusher.note();
    const { capturedAt, missing } = pusher.about(headers);
    if (missing) this.#sink?.lost(missing);
    const isTooFast = !this.#mayTake();
    if (this.#sink && !isTooFast) this.#sink.take({ jpeg, capturedAt });
    else {
      this.dropped += 1;
      this.#sink?.lost({ what: "lost", count: 1, why: isTooFast ? TOO_FAST : NOT_READY });
    }
  }

  /** Why the stream will refuse a picture; undefined for one that it takes. */
  #refusal(jpeg: Uint8Array): unknown {
    try {
      inspectJpeg(jpeg);
    } catch (error) {
      return this.#mender.mended(jpeg) ? undefined : badPicture(error);
    }
    return undefined;
  }

  get #mostTokens(): number {
    return Math.max(2, this.#options.maxFps / 2);
  }

  #mayTake(): boolean {
    const at = now();
    const more = ((at - this.#filledAt) / 1000) * this.#options.maxFps;
    this.#tokens = Math.min(this.#mostTokens, this.#tokens + more);
    this.#filledAt = at;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** A program's request has ended: in order, and then another may follow, or its connection broke off. */
  #left(pusher: Pusher, hasEnded: boolean): void {
    if (this.#pusher !== pusher || pusher.open > 0) return;
    if (!hasEnded) this.#gone(pusher);
    else if (pusher.kind !== "picture") {
      clearTimeout(this.#endLease);
      this.#endLease = setTimeout(() => this.#left(pusher, pusher.isSending), 2100).unref();
    }
  }

  #gone(pusher: Pusher): void {
    pusher.isOver = true;
    this.#options.onPusher();
    this.#fail(this.#nobody());
  }

  #end(reason: ThingError): void {
    const before = this.#pusher;
    if (before?.isOver !== false) return;
    before.end(reason);
    this.#options.onPusher();
  }

  #silent(): ThingError {
    const sentence = `${this.#options.called()} got no picture for too long. Connect again.`;
    return new ThingError("BODY_TOO_SLOW", sentence);
  }

  #replaced({ called }: Pusher): ThingError {
    const sentence = `${this.#options.called()} receives pictures from ${called} now.`;
    return new ThingError("LOCK_BUSY", sentence);
  }

  #nobody(): ThingError {
    const last = this.#pusher;
    const sentence = `No program sends pictures to ${this.#options.called()}. Start the program, or check its network.`;
    return new ThingError(
      "DISCONNECTED",
      last ? `${sentence} The last one was ${last.called}.` : sentence,
    );
  }

  #busy(present: Pusher): ThingError {
    this.refused += 1;
    const since = toDateTime(wallTime(present.since));
    return new ThingError(
      "LOCK_BUSY",
      `${this.#options.called()} receives pictures from ${present.called} since ${since}. Stop that program and wait 2 s, or take its place with ?takeover=1.`,
    );
  }
}

function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8;
}
