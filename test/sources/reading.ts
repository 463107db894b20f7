import {
  type FrameSink,
  type FrameSource,
  runningSource,
  type SourceFrame,
} from "../../src/frames/frame-source.ts";

/** What a source gives until `signal` aborts, as a loop reads it. Leaving the loop ends the source. */
export async function* framesOf(
  source: FrameSource,
  signal: AbortSignal,
): AsyncGenerator<SourceFrame, void> {
  const leaving = new AbortController();
  const waiting: SourceFrame[] = [];
  let wake = () => {};
  const sink: FrameSink = {
    hasRoom: true,
    isSilent: false,
    room: (bytes) => new Uint8Array(bytes),
    lost: (loss) => losses.push(loss),
    take({ jpeg, ...about }) {
      const lossesBefore = [...losses.splice(0), ...(about.lossesBefore ?? [])];
      waiting.push({ jpeg, ...about, ...(lossesBefore.length > 0 && { lossesBefore }) });
      wake();
      return true;
    },
  };
  const losses: NonNullable<SourceFrame["lossesBefore"]>[number][] = [];
  let isOver = false;
  const either = AbortSignal.any([signal, leaving.signal]);
  const running = runningSource(source)
    .run(sink, either)
    .finally(() => {
      isOver = true;
      wake();
    });
  running.catch(() => {}); // it is awaited below
  try {
    while (!signal.aborted) {
      const frame = waiting.shift();
      if (frame) yield frame;
      else if (isOver) break;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    leaving.abort();
    if (isOver || signal.aborted) await running.catch(ignoreAborted(signal));
    else await running.catch(() => {});
  }
}

function ignoreAborted(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}
