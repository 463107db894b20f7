import { now } from "../base/clock.ts";
import { ThingError } from "../base/errors.ts";
import type { FeedOptions } from "./feed-options.ts";
import type { MJPEGStream } from "./mjpeg-stream.ts";

/** A source that has given nothing but pictures that are no frames for so long has failed, ms. */
const ALL_REFUSED_MS = 2000;

/** What is known of an attempt of a source that gives no frames, in sentences. */
export class SourceSilence {
  readonly #stream: MJPEGStream;
  readonly #known: FeedOptions["silence"];
  /** Parts of other media types that it had sent when the attempt began. */
  #skippedBefore = 0;
  /** Since when it has given nothing but pictures that are no frames. */
  #refusedAt: number | undefined;
  /** Why it has stalled, as its source says itself. */
  said: string | undefined;

  /** @param known - What its device knows of it. */
  constructor(stream: MJPEGStream, known: FeedOptions["silence"]) {
    this.#stream = stream;
    this.#known = known;
  }

  /** Another attempt begins. */
  begins(): void {
    this.forget();
    this.#skippedBefore = this.#stream.stats.partsSkipped;
  }

  /** A frame has come. */
  forget(): void {
    this.#refusedAt = undefined;
    this.said = undefined;
  }

  /** A picture was no frame. @returns The error, when there has been nothing else for too long. */
  refuses(): ThingError | undefined {
    this.#refusedAt ??= now();
    const ms = now() - this.#refusedAt;
    return ms >= ALL_REFUSED_MS ? this.#allRefused(ms) : undefined;
  }

  /** @param next - What happens then, as a sentence. */
  error(ms: number, isStalled: boolean, next = ""): ThingError {
    if (this.#refusedAt !== undefined) return this.#allRefused(ms);
    const skipped = this.#stream.stats.partsSkipped - this.#skippedBefore;
    if (skipped > 0 && !isStalled) return othersAlone(skipped, ms);
    const missing = isStalled ? "frames stopped coming" : "no first frame came";
    const sentence = `The source is open but silent: ${missing} for ${secondsOf(ms)} s.${next}`;
    const known = this.said ?? this.#known?.() ?? "Check the camera and its cable.";
    return failed(`${sentence} ${known}`);
  }

  #allRefused(ms: number): ThingError {
    const { why = "they are not JPEGs." } =
      this.#stream.pendingLosses.findLast(({ what }) => what === "refused") ?? {};
    return failed(`All pictures of the source were refused for ${secondsOf(ms)} s: ${why}`);
  }
}

function othersAlone(parts: number, ms: number): ThingError {
  const what = parts === 1 ? "The one part" : `All ${parts} parts`;
  return failed(
    `${what} that the source sent in ${secondsOf(ms)} s had other media types than image/jpeg. Set the camera to MJPEG, or use a PipelineCamera that decodes what it sends.`,
  );
}

export function secondsOf(ms: number): string {
  return (ms / 1000).toFixed(1);
}

export function failed(sentence: string): ThingError {
  return new ThingError("SOURCE_FAILED", sentence);
}
