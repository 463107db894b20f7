import { delay, type Frame, type Invocation, isAbort, type MJPEGStream, now } from "thingscope";
import type { RecordingWriter } from "thingscope/recording";
import { LEFT_OUT } from "thingscope/recording";

/** When pictures are taken. */
export interface Pace {
  /** s */
  readonly interval: number;
  /** How many; until it is cancelled when absent. */
  readonly count?: number | undefined;
}

/**
 * Writes one frame each interval, the first that is captured from then on. Pictures stay on the grid of the interval, also after
 * one that was late. A cancelled timelapse is closed as it is, and it is over when the disk ends it.
 */
export async function timelapse(
  stream: MJPEGStream,
  writer: RecordingWriter,
  { interval, count = Number.POSITIVE_INFINITY }: Pace,
  { signal, run }: { readonly signal: AbortSignal; readonly run: Pick<Invocation, "progress"> },
): Promise<void> {
  const start = now();
  const ended = new AbortController();
  const over = () => ended.abort();
  writer.ended.then(over, over); // by the disk, perhaps hours before the next picture
  const wanted = AbortSignal.any([signal, ended.signal]);
  let before: Frame | undefined;
  try {
    for (let taken = 0, due = start; taken < count; taken++) {
      await delay(Math.max(0, due - now()), wanted);
      const frame = await stream.grab(wanted);
      noteBetween(writer, before, frame);
      writer.add(frame);
      before = frame;
      const isBounded = Number.isFinite(count);
      run.progress(isBounded ? (taken + 1) / count : 0, `${taken + 1} pictures`);
      const passed = Math.floor((now() - start) / (interval * 1000));
      due = start + (passed + 1) * interval * 1000;
    }
    await writer.close("stopped");
  } catch (error) {
    if (ended.signal.aborted && !signal.aborted) return;
    await writer.close(isAbort(error) ? "cancelled" : "the camera stopped");
    throw error;
  }
}

function noteBetween(writer: RecordingWriter, before: Frame | undefined, frame: Frame): void {
  const { run, index } = frame;
  const first = before?.run === run ? before.index + 1 : before ? 0 : index;
  if (index > first) writer.noteLoss({ run, from: first, to: index - 1, why: LEFT_OUT });
}
