import type { Invocation, StoredFile } from "thingscope";
import type { ContinuousSummary } from "thingscope/recording";
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

/** How two that were stopped at once went. */
export function together(
  one: ContinuousSummary | undefined,
  other: ContinuousSummary | undefined,
): ContinuousSummary {
  const both = [one, other].flatMap((summary) => summary ?? []);
  const sum = (of: "captured" | "written" | "dropped") =>
    both.reduce((all, summary) => all + summary[of], 0);
  return {
    ended: both.at(-1)?.ended ?? "stopped",
    captured: sum("captured"),
    written: sum("written"),
    dropped: sum("dropped"),
    files: both.flatMap(({ files }) => files),
  };
}
