import { reasonOf, ThingError } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import { httpUrlIn } from "../base/values.ts";
import type { FrameSink, RunningSource } from "../frames/frame-source.ts";
import { readSentPicture, type SentPicture } from "../frames/sent-picture.ts";
import { boundaryOf, MultipartParser, type Part } from "../frames/wire/multipart.ts";
import { openHttpSoon, withoutSecrets } from "./http-get.ts";
import type { HttpHead } from "./http-head.ts";
import type { HttpStream } from "./http-stream.ts";
import { StreamSilence } from "./stream-silence.ts";

/** Limits and callbacks. */
export interface MjpegHttpOptions {
  /** Longest time from the request to the answer, and to the first picture unless a longer `stallMs` is given, ms; 10,000 by default. */
  readonly startMs?: number | undefined;
  /** Longest time without a picture or a heartbeat after that, ms; 0: any; 10,000 by default. A server that has sent a heartbeat is silent for 10 s at most all the same. */
  readonly stallMs?: number | undefined;
  /** The largest picture that is accepted, bytes; 8 MiB by default. */
  readonly maxFrameBytes?: number | undefined;
  /** The value of `Authorization`, in place of a login in the address. */
  readonly authorization?: string | undefined;
  /** Called when the server has responded with a stream. */
  readonly onOpen?: (() => void) | undefined;
  /** Called with the reason when the server sends a placeholder; the connection is kept. Without this, a placeholder is a failure. */
  readonly onPlaceholder?: ((reason: string) => void) | undefined;
  readonly log?: Log | undefined;
}

const START_MS = 10_000;
const SKIPPED = "the other server skipped it: the connection was too slow";
const STALL_MS = 10_000;
const MAX_FRAME_BYTES = 8 * 1024 * 1024; // a malicious server can make us hold twice that

/**
 * Another server's MJPEG stream. Frames of a Thingscope server keep their identity as `origin`; those of other servers have
 * none. One run is one connection: when it breaks, the error says why.
 */
export class MjpegHttpSource implements RunningSource {
  readonly #url: URL;
  readonly #options: MjpegHttpOptions;
  readonly #log: Log;
  readonly #isThinned: boolean;

  /** @throws {ThingError} `BAD_CONFIG` if it is not an http or https address. */
  constructor(url: string, options: MjpegHttpOptions = {}) {
    this.#url = httpUrl(url);
    this.#isThinned = this.#url.searchParams.has("fps");
    this.#options = options;
    this.#log = options.log ?? silentLog;
  }

  /** The address, without login and query. */
  get address(): string {
    return withoutSecrets(this.#url);
  }

  /** @throws {ThingError} `SOURCE_FAILED` with one plain reason. */
  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    let pictures = 0;
    let before: SentPicture | undefined;
    const { startMs = START_MS, stallMs = STALL_MS } = this.#options;
    const silence = new StreamSilence({ startMs, stallMs });
    const onPart = ({ headers, body }: Part) => {
      const sent = readSentPicture(headers);
      silence.part(sent.isHeartbeat);
      if (sent.isHeartbeat) return;
      const { placeholder } = sent;
      if (placeholder !== undefined) {
        this.#placeholder(placeholder);
        return;
      }
      pictures++;
      this.#give(sink, body, sent, before);
      before = sent;
    };
    try {
      const either = AbortSignal.any([signal, silence.signal]);
      const answer = await openHttpSoon(this.#url, either, this.#options.authorization);
      if (this.#options.stallMs !== undefined) silence.answered();
      const parser = this.#parser(answer, sink, onPart);
      this.#options.onOpen?.();
      await answer.read(parser).finally(() => answer.destroy());
      throw this.#failure("ended the stream.");
    } catch (error) {
      if (signal.aborted) return;
      if (silence.signal.aborted) throw this.#silent(pictures, silence.ms);
      throw error instanceof ThingError
        ? error
        : this.#failure(`broke off: ${reasonOf(error)}.`, error);
    } finally {
      silence.stop();
    }
  }

  /** @throws {ThingError} `SOURCE_FAILED` if the response is not an MJPEG stream; it is not read then. */
  #parser(answer: HttpStream, sink: FrameSink, onPart: (part: Part) => void): MultipartParser {
    try {
      return new MultipartParser({
        boundary: this.#boundary(answer.head),
        maxPartBytes: this.#options.maxFrameBytes ?? MAX_FRAME_BYTES,
        memoryFor: (bytes) => sink.room(bytes),
        onPart,
      });
    } catch (error) {
      answer.destroy();
      throw error;
    }
  }

  #placeholder(reason: string): void {
    const { onPlaceholder } = this.#options;
    if (!onPlaceholder) throw this.#failure(`has no frames: ${reason}`);
    onPlaceholder(reason);
  }

  #silent(pictures: number, silentMs: number): ThingError {
    const what = pictures ? "further picture" : "picture";
    return this.#failure(
      `sent no ${what} for ${Math.round(silentMs / 1000)} s. Check that the camera runs.`,
    );
  }

  #boundary({ headers }: HttpHead): string | undefined {
    const type = headers.get("content-type") ?? "";
    const coding = headers.get("content-encoding") ?? "identity";
    if (coding !== "identity") {
      throw this.#failure(
        `sends its stream in the content coding '${coding}', which was not requested.`,
      );
    }
    if (type.startsWith("image/")) {
      throw this.#failure(
        `sends one picture (${type}), not a stream. Use the address of its MJPEG stream.`,
      );
    }
    if (!type.startsWith("multipart/")) {
      throw this.#failure(
        `sends ${type || "a response without a content type"}, not an MJPEG stream (multipart/x-mixed-replace). Check the address.`,
      );
    }
    const boundary = boundaryOf(type);
    if (boundary === undefined)
      this.#log.warn(
        `${withoutSecrets(this.#url)} does not declare a boundary; it is taken from the stream.`,
      );
    return boundary;
  }

  #give(sink: FrameSink, jpeg: Uint8Array, sent: SentPicture, before?: SentPicture): void {
    const { identity, capturedAt } = sent;
    if (!identity || capturedAt === undefined) {
      sink.take({ jpeg, sent });
      return;
    }
    const isNext = before?.identity?.run === identity.run;
    const skipped = isNext ? identity.index - before.identity.index - 1 : 0;
    if (skipped > 0 && !this.#isThinned) sink.lost({ what: "lost", count: skipped, why: SKIPPED });
    const here = { stream: withoutSecrets(this.#url), ...identity, capturedAt };
    sink.take({ jpeg, sent, origin: sent.origin ?? here });
  }

  #failure(what: string, cause?: unknown): ThingError {
    return new ThingError("SOURCE_FAILED", `${withoutSecrets(this.#url)} ${what}`, { cause });
  }
}

function httpUrl(text: string): URL {
  const url = httpUrlIn(text);
  if (url) return url;
  throw new ThingError(
    "BAD_CONFIG",
    `'${text}' is not the address of an MJPEG stream. It must begin with http:// or https://; for rtsp:// use a PipelineCamera.`,
  );
}
