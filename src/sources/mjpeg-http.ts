import { setTimeout as pause } from "node:timers/promises";
import { now } from "../base/clock.ts";
import { reasonOf, ThingError } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import { httpUrlIn } from "../base/values.ts";
import type { FrameSink, RunningSource } from "../frames/frame-source.ts";
import { pathIn } from "../frames/wire/mirror-path.ts";
import { boundaryOf, MultipartParser, type Part } from "../frames/wire/multipart.ts";
import {
  BodyDoubt,
  codingOf,
  DoubtingReader,
  isOnePicture,
  mayBePictures,
} from "../frames/wire/stream-type.ts";
import { HttpCookies } from "./http-cookies.ts";
import { type HttpGetOptions, openHttp, openHttpSoon, withoutSecrets } from "./http-get.ts";
import type { HttpHead } from "./http-head.ts";
import { HttpLogin, type LoginData, loginIn } from "./http-login.ts";
import type { HttpStream } from "./http-stream.ts";
import { PictureIntake } from "./picture-intake.ts";
import { senderOffset } from "./sender-offset.ts";
import { StreamSilence } from "./stream-silence.ts";
import { trustedFingerprint } from "./tls-trust.ts";

/** Limits and callbacks. */
export interface MjpegHttpOptions {
  /** Longest time from the request to the answer, and to the first picture unless a longer `stallMs` is given, ms; 10,000 by default. */
  readonly startMs?: number | undefined;
  /** Longest time without a picture or a heartbeat after that, ms; 0: any; 10,000 by default. A server that has sent a heartbeat is silent for 10 s at most all the same. */
  readonly stallMs?: number | undefined;
  /** The largest picture that is accepted, bytes; 8 MiB by default. */
  readonly maxFrameBytes?: number | undefined;
  /** The time from one request to the next where the address gives one picture, ms; 200 by default. */
  readonly pollMs?: number | undefined;
  /** In place of a login in the address; sent as HTTP Basic or Digest, as the server wants it. */
  readonly login?: LoginData | undefined;
  /** The value of `Authorization`, in place of a login. */
  readonly authorization?: string | undefined;
  /** The certificate of an https server that nobody vouches for: its SHA-256 fingerprint, or a PEM file. */
  readonly trust?: string | undefined;
  /** Whether frames keep the time of their exposure, on this machine's clock, where the server says what its own shows; else they have that of their arrival. */
  readonly keepsTimes?: boolean | undefined;
  /** Asked of each answer: why its stream is not taken, the end of a sentence that begins with the address. */
  readonly refuses?: ((headers: ReadonlyMap<string, string>) => string | undefined) | undefined;
  /** Called when the server has responded with a stream. */
  readonly onOpen?: (() => void) | undefined;
  /**
   * Called with the reason when the server sends a placeholder; the connection is kept. Without this, the sink is told that the
   * frames have stalled; a placeholder before the first picture is a failure.
   */
  readonly onPlaceholder?: ((reason: string) => void) | undefined;
  readonly log?: Log | undefined;
}

const RING =
  "has the pictures of this very stream: the servers show them to each other in a ring. Give one of them the address of the camera.";
const START_MS = 10_000;
const STALL_MS = 10_000;
const POLL_MS = 200;
const MAX_FRAME_BYTES = 8 * 1024 * 1024; // a malicious server can make us hold twice that

/**
 * An MJPEG stream over HTTP, or one picture that is asked for again and again, of a Thingscope server or a camera of any make. Frames
 * of a Thingscope server keep their identity as `origin`; those of others have none. One run is one connection, or one sequence
 * of requests, one at a time: when it breaks, the error says why.
 */
export class MjpegHttpSource implements RunningSource {
  /** Since it was made: parts of other media types, and pictures that were the same as the one before. */
  readonly counts = { others: 0, unchanged: 0 };
  readonly #url: URL;
  readonly #options: MjpegHttpOptions;
  readonly #get: HttpGetOptions;
  readonly #log: Log;
  /** The boundary that was last told to differ from the declared one. */
  #told: string | undefined;

  /** @throws {ThingError} `BAD_CONFIG` if it is not an http or https address, or `trust` is no certificate. */
  constructor(url: string, options: MjpegHttpOptions = {}) {
    this.#url = httpUrl(url);
    this.#options = options;
    const login = options.login ?? loginIn(this.#url);
    this.#get = {
      login: login && new HttpLogin(login),
      authorization: options.authorization,
      cookies: new HttpCookies(),
      fingerprint: options.trust === undefined ? undefined : trustedFingerprint(options.trust),
    };
    this.#log = options.log ?? silentLog;
  }

  /** The address, without login and query. */
  get address(): string {
    return withoutSecrets(this.#url);
  }

  /** @throws {ThingError} `SOURCE_FAILED` with one plain reason. */
  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    const { startMs = START_MS, stallMs = STALL_MS } = this.#options;
    const silence = new StreamSilence({ startMs, stallMs });
    const intake = this.#intake(sink, silence);
    const either = AbortSignal.any([signal, silence.signal]);
    sink.comesThrough?.([]);
    try {
      let validators: Record<string, string> = {};
      for (;;) {
        const begun = now();
        const answer = await this.#open(either, intake.isPolling, validators);
        if (this.#options.stallMs !== undefined) silence.answered();
        if (this.#options.keepsTimes)
          intake.clock = senderOffset(answer.head.headers, begun, now());
        if (answer.head.status !== 304) validators = validatorsOf(answer.head);
        const isPicture = await this.#receive(answer, sink, intake);
        if (!isPicture) throw this.#failure("ended the stream.");
        intake.isPolling = true;
        const { pollMs = POLL_MS } = this.#options;
        await pause(Math.max(0, begun + pollMs - now()), undefined, { signal: either });
      }
    } catch (error) {
      if (signal.aborted) return;
      if (silence.signal.aborted) throw this.#silent(intake.pictures, silence.ms);
      throw error instanceof ThingError
        ? error
        : this.#failure(`broke off: ${reasonOf(error)}.`, error);
    } finally {
      sink.comesThrough?.([]); // what is known holds as long as the connection
      silence.stop();
    }
  }

  #open(
    signal: AbortSignal,
    isPolling: boolean,
    headers: Readonly<Record<string, string>>,
  ): Promise<HttpStream> {
    if (isPolling) return openHttp(this.#url, signal, { ...this.#get, headers });
    const isOneAtATime = this.#options.pollMs !== undefined;
    return (isOneAtATime ? openHttp : openHttpSoon)(this.#url, signal, this.#get);
  }

  /** Reads one answer to its end. @returns Whether it was one picture, which is then asked for again. */
  async #receive(answer: HttpStream, sink: FrameSink, intake: PictureIntake): Promise<boolean> {
    const { head } = answer;
    if (head.status === 304) {
      answer.destroy();
      intake.stayed();
      return true;
    }
    const { headers } = head;
    const fault = faultOf(head) ?? this.#options.refuses?.(headers) ?? ringIn(headers, sink);
    if (fault !== undefined) {
      answer.destroy();
      throw this.#failure(fault);
    }
    const type = headers.get("content-type") ?? "";
    const isPicture = isOnePicture(type);
    const doubt = new BodyDoubt(type);
    intake.isPolling ||= isPicture;
    const parser = this.#parser(head, sink, (part) => {
      if (doubt.isDoubtful && parser.given === 1) this.#options.onOpen?.();
      intake.take(part, isPicture && part.headers.size === 0 ? head.headers : undefined);
    });
    const refuted = () => this.#failure(otherType(type));
    const isFirst = !intake.isPolling || intake.pictures === 0;
    if (isFirst && !doubt.isDoubtful) this.#options.onOpen?.();
    try {
      await answer.read(new DoubtingReader(parser, doubt, refuted), () => parser.isInside);
      parser.end();
    } finally {
      answer.destroy();
    }
    if (doubt.isRefuted()) throw refuted();
    if (parser.given === 0)
      throw this.#failure(
        `ended its response without a picture: ${parser.fault.replace(/,$/, "")}.`,
      );
    const isEnd = parser.ended || parser.boundary === undefined;
    return parser.given === 1 && isEnd;
  }

  #intake(sink: FrameSink, silence: StreamSilence): PictureIntake {
    const intake = new PictureIntake(sink, {
      address: this.address,
      isThinned: this.#url.searchParams.has("fps"),
      onUnchanged: () => {
        this.counts.unchanged += 1;
        sink.passed?.("unchanged");
      },
      onHeartbeat: (headers) => {
        const ring = ringIn(headers, sink);
        if (ring !== undefined) throw this.#failure(ring);
      },
      onSign: (isHeartbeat) => silence.part(isHeartbeat),
      onPlaceholder: (reason) => {
        const { onPlaceholder } = this.#options;
        if (onPlaceholder) return onPlaceholder(reason);
        const why = withoutFrames(this.address, reason);
        if (!sink.stalled || intake.pictures === 0) throw new ThingError("SOURCE_FAILED", why);
        sink.stalled(why);
      },
    });
    return intake;
  }

  #parser({ headers }: HttpHead, sink: FrameSink, onPart: (part: Part) => void): MultipartParser {
    const boundary = boundaryOf(headers.get("content-type") ?? "");
    const parser = new MultipartParser({
      boundary,
      maxPartBytes: this.#options.maxFrameBytes ?? MAX_FRAME_BYTES,
      memoryFor: (bytes) => sink.room(bytes),
      onOther: () => {
        this.counts.others += 1;
        sink.passed?.("part");
      },
      onPart: (part) => {
        if (parser.given === 1) this.#tell(boundary, parser.boundary);
        onPart(part);
      },
    });
    return parser;
  }

  /** Tells once what is odd about the boundaries of this server. */
  #tell(declared: string | undefined, sent: string | undefined): void {
    const told = `${declared} ${sent}`;
    const isOdd = sent !== undefined && declared?.replace(/^-+/, "") !== sent;
    if (!isOdd || told === this.#told) return;
    this.#told = told;
    const what =
      declared === undefined
        ? "does not declare a boundary"
        : `declares the boundary '${declared}'`;
    this.#log.info(`${this.address} ${what} and sends '${sent}', which is used.`);
  }

  #silent(pictures: number, silentMs: number): ThingError {
    const what = pictures ? "further picture" : "picture";
    return this.#failure(
      `sent no ${what} for ${Math.round(silentMs / 1000)} s. Check that the camera runs.`,
    );
  }

  #failure(what: string, cause?: unknown): ThingError {
    return new ThingError("SOURCE_FAILED", `${this.address} ${what}`, { cause });
  }
}

/** A reason that has come through this address before, in a ring of servers, does not grow with each round. */
function withoutFrames(address: string, reason: string): string {
  const begin = reason.lastIndexOf(`${address} `);
  return begin < 0 ? `${address} has no frames: ${reason}` : reason.slice(begin);
}

/** Why pictures are not taken that would come round. */
function ringIn(headers: ReadonlyMap<string, string>, sink: FrameSink): string | undefined {
  return (sink.comesThrough?.(pathIn(headers)) ?? true) ? undefined : RING;
}

/** Why a response is no motion JPEG, by its head; what it does not say shows its body. */
function faultOf({ headers }: HttpHead): string | undefined {
  const type = headers.get("content-type") ?? "";
  const coding = codingOf(headers.get("content-encoding") ?? "");
  if (coding !== undefined)
    return `sends its stream in the content coding '${coding}', which was not requested and is not known here. Switch compression off in the camera or its proxy.`;
  return mayBePictures(type) ? undefined : otherType(type);
}

function otherType(type: string): string {
  if (type.startsWith("application/td+json"))
    return "sends the description of a Thing. Give the address of its stream: add mjpeg_stream, or what the description has.";
  return `sends ${type}, not an MJPEG stream (multipart/x-mixed-replace) or a JPEG. Check the address.`;
}

/** What a later request says of the picture that is there already. */
function validatorsOf({ headers }: HttpHead): Record<string, string> {
  const tag = headers.get("etag");
  const modified = headers.get("last-modified");
  return {
    ...(tag !== undefined && { "If-None-Match": tag }),
    ...(tag === undefined && modified !== undefined && { "If-Modified-Since": modified }),
  };
}

function httpUrl(text: string): URL {
  const url = httpUrlIn(text);
  if (url) return url;
  throw new ThingError(
    "BAD_CONFIG",
    `'${text}' is not the address of an MJPEG stream. It must begin with http:// or https://; for rtsp:// use an RtspCamera.`,
  );
}
