import { delay, isAbort } from "../../base/abort.ts";
import { now } from "../../base/clock.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import type { IterableSource, SourceFrame } from "../../frames/frame-source.ts";
import { openRecording } from "./open-recording.ts";

/** How a recording is played. */
export interface RecordingSourceOptions {
  /** How much faster than it was recorded: 1. */
  readonly speed?: number | undefined;
  /** False: it ends after the last frame. */
  readonly loop?: boolean | undefined;
}

/** Between the last frame and the first, when it begins anew. */
const PAUSE_MS = 1000 / 25;

/**
 * Plays a recording at its own speed, so that what was measured live can be measured again: frames are stamped as far apart
 * as they were. Each says as its origin who it was, and when it was captured.
 */
export class RecordingSource implements IterableSource {
  readonly path: string;
  readonly #speed: number;
  readonly #loop: boolean;

  /** @throws {ThingError} `BAD_ARGUMENT` for a speed that is none. */
  constructor(path: string, { speed = 1, loop = true }: RecordingSourceOptions = {}) {
    if (!(speed > 0 && speed <= 1000)) {
      const why = `The speed of a recording must be greater than 0 and at most 1000, not ${speed}.`;
      throw new ThingError("BAD_ARGUMENT", why);
    }
    this.path = path;
    this.#speed = speed;
    this.#loop = loop;
  }

  /** @throws {ThingError} `SOURCE_FAILED` when it cannot be read, or has no frame. */
  async *frames(signal: AbortSignal): AsyncGenerator<SourceFrame, void> {
    try {
      do {
        yield* this.#once(signal);
        await delay(PAUSE_MS, signal);
      } while (this.#loop);
    } catch (error) {
      if (signal.aborted && isAbort(error)) return;
      if (error instanceof ThingError && error.code === "SOURCE_FAILED") throw error;
      const why = `'${this.path}' cannot be played: ${messageOf(error)}`;
      throw new ThingError("SOURCE_FAILED", why, { cause: error });
    }
  }

  async *#once(signal: AbortSignal): AsyncGenerator<SourceFrame, void> {
    await using recording = await openRecording(this.path);
    const stream = recording.info.tags.CAMERA || this.path;
    const begun = now();
    let first: number | undefined;
    for await (const { jpeg, capturedAt, run, index } of recording.frames()) {
      first ??= capturedAt;
      const due = begun + (capturedAt - first) / this.#speed;
      while (now() < due) await delay(due - now(), signal); // a timer may be a little early
      const isKnown = run !== undefined && index !== undefined;
      const origin = isKnown && { origin: { stream, run, index, capturedAt } };
      yield { jpeg, capturedAt: due, ...origin };
    }
    if (first === undefined) {
      throw new ThingError("SOURCE_FAILED", `'${this.path}' has no frame to play.`);
    }
  }
}
