import type { Invocation, StoredFile } from "thingscope";
import type { Summary } from "./schemas.ts";

/** What is told how far something is. */
export type Progress = Pick<Invocation, "progress">;

/** A recording that goes on until it is stopped. */
export interface BegunRecording {
  /** The first file. */
  readonly file: StoredFile;
  /** Settles when it has ended, whatever ended it. */
  readonly ended: Promise<unknown>;
  /** Stops it with the frames captured until a time, epoch ms. One that has ended by itself tells how. */
  stop(until: number, run: Progress): Promise<Summary>;
}

/** How a recording is stopped with the frames captured until a time, epoch ms. */
export function stopAt(until: number, run: Progress) {
  const onProgress = (fraction: number) => run.progress(fraction, "Writing what waits");
  return { until, onProgress };
}
