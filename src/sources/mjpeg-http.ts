import type { IncomingMessage } from "node:http";
import { reasonOf, ThingError } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import type { Origin } from "../frames/frame.ts";
import type { FrameSource, SourceFrame } from "../frames/frame-source.ts";
import { boundaryOf, MultipartParser, type Part } from "../frames/multipart.ts";
import { identityOfPart, type PartIdentity } from "../frames/part-identity.ts";
import { Watchdog } from "../processes/watchdog.ts";
import { openHttpSoon, withoutSecrets } from "./http-get.ts";

/** How patient and how large. */
export interface MjpegHttpOptions {
  /** Longest time from the request to the first picture, ms; 10,000 by default. */
  readonly startMs?: number | undefined;
  /** Longest time without a picture after that, ms; 10,000 by default. */
  readonly stallMs?: number | undefined;
  /** The largest picture that is taken, bytes; 8 MiB by default. */
  readonly maxFrameBytes?: number | undefined;
  readonly log?: Log | undefined;
}

const START_MS = 10_000;
const SKIPPED = "the other server skipped it: the way here was too slow";
const STALL_MS = 10_000;
const MAX_FRAME_BYTES = 8 * 1024 * 1024; // twice that is what a server without good will can make us hold

/**
 * Another server's MJPEG stream. Frames of a Thingscope server keep their identity as `origin`; those of other servers have
 * none. One call of `frames` is one connection: when it breaks, the error says why, and the reader calls again.
 */
export class MjpegHttpSource implements FrameSource {
  readonly #url: URL;
  readonly #options: MjpegHttpOptions;
  readonly #log: Log;
  readonly #isThinned: boolean;

  /** @throws {ThingError} `BAD_CONFIG` when it is no http or https address. */
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
  async *frames(signal: AbortSignal): AsyncGenerator<SourceFrame, void> {
    const silence = new AbortController();
    let pictures = 0;
    let before: PartIdentity | undefined;
    const watchdog = new Watchdog({
      startMs: this.#options.startMs ?? START_MS,
      stallMs: this.#options.stallMs ?? STALL_MS,
      onSilent: () =>
        silence.abort(
          this.#failure(
            `sent no ${pictures ? "further " : ""}picture for ${Math.round(watchdog.allowedMs / 1000)} s. Check that the camera runs.`,
          ),
        ),
    });
    try {
      const response = await openHttpSoon(this.#url, AbortSignal.any([signal, silence.signal]));
      for await (const part of this.#parts(response)) {
        const reason = part.headers.get("x-placeholder");
        if (reason !== undefined) throw this.#failure(`has no frames: ${reason}`);
        watchdog.beat();
        pictures++;
        const identity = identityOfPart(part.headers);
        yield this.#frame(part.body, identity, before);
        before = identity;
      }
      throw this.#failure("ended the stream.");
    } catch (error) {
      if (signal.aborted) return;
      if (silence.signal.aborted) throw silence.signal.reason;
      throw error instanceof ThingError
        ? error
        : this.#failure(`broke off: ${reasonOf(error)}.`, error);
    } finally {
      watchdog.stop();
    }
  }

  async *#parts(response: IncomingMessage): AsyncGenerator<Part> {
    try {
      const parser = new MultipartParser({
        boundary: this.#boundary(response),
        maxPartBytes: this.#options.maxFrameBytes ?? MAX_FRAME_BYTES,
      });
      for await (const chunk of response) {
        yield* parser.push(chunk);
        if (parser.ended) return;
      }
    } finally {
      response.destroy();
    }
  }

  #boundary(response: IncomingMessage): string | undefined {
    const type = response.headers["content-type"] ?? "";
    const coding = response.headers["content-encoding"] ?? "identity";
    if (coding !== "identity") {
      throw this.#failure(`sends its stream in the coding '${coding}', which was not asked for.`);
    }
    if (type.startsWith("image/")) {
      throw this.#failure(
        `gives one picture (${type}), no stream. Give the address of its MJPEG stream.`,
      );
    }
    if (!type.startsWith("multipart/")) {
      throw this.#failure(
        `gives ${type || "something without a type"}, no MJPEG stream (multipart/x-mixed-replace). Check the address.`,
      );
    }
    const boundary = boundaryOf(type);
    if (boundary === undefined)
      this.#log.warn(
        `${withoutSecrets(this.#url)} names no boundary; it is taken from the stream.`,
      );
    return boundary;
  }

  #frame(jpeg: Uint8Array, identity?: PartIdentity, before?: PartIdentity): SourceFrame {
    if (!identity) return { jpeg };
    const { origin, ...here } = identity;
    const first: Origin = origin ?? { stream: withoutSecrets(this.#url), ...here };
    const skipped = before?.run === here.run ? here.index - before.index - 1 : 0;
    if (skipped <= 0 || this.#isThinned) return { jpeg, origin: first };
    return { jpeg, origin: first, lossesBefore: [{ what: "lost", count: skipped, why: SKIPPED }] };
  }

  #failure(what: string, cause?: unknown): ThingError {
    return new ThingError("SOURCE_FAILED", `${withoutSecrets(this.#url)} ${what}`, { cause });
  }
}

function httpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new ThingError(
    "BAD_CONFIG",
    `'${text}' is not the address of an MJPEG stream. It begins with http:// or https://; for rtsp:// use a PipelineCamera.`,
  );
}
