import {
  type Camera,
  detachedInvocation,
  type Frame,
  type Invocation,
  isAbort,
  type Stage,
  ThingError,
  withDeadline,
} from "thingscope";

const PATIENCE_MS = 15_000;

/**
 * The first frame that was captured after a time, epoch ms: what is seen once the stage has arrived.
 * @throws {ThingError} `NO_FRAME` when none comes in 15 s: the camera does not stream.
 */
export async function frameAfter(
  { mjpeg_stream, name, state }: Camera,
  time: number,
  { signal }: Pick<Invocation, "signal">,
): Promise<Frame> {
  try {
    return await withDeadline(PATIENCE_MS, signal, (either) =>
      mjpeg_stream.capturedAfter(time, either),
    );
  } catch (error) {
    if (!isAbort(error) || signal.aborted) throw error;
    const why = state.reason ? `: ${state.reason}` : `. Look at its state (${state.state}).`;
    throw new ThingError("NO_FRAME", `Camera '${name}' delivered no frame within 15 s${why}`);
  }
}

/** What `work` gives. When its run is cancelled, or with `always` when it fails, the stage goes back to where it was. */
export async function orBack<T>(
  stage: Stage,
  run: Invocation,
  axes: readonly ("x" | "y" | "z")[],
  work: () => Promise<T>,
  { always = false } = {},
): Promise<T> {
  const { position } = stage;
  try {
    return await work();
  } catch (error) {
    if (run.signal.aborted || (always && !isStopOf(error))) {
      const back = Object.fromEntries(axes.map((axis) => [axis, position[axis]]));
      const compensation = axes.includes("x") ? 2 : 1;
      const way = detachedInvocation(undefined, run.log);
      const returning = stage.move_absolute({ ...back, backlash_compensation: compensation }, way);
      await (run.signal.aborted ? returning : returning.catch(() => {})); // the failure is what is told
    }
    throw error;
  }
}

/** Somebody has stopped the stage: it stays where it is. */
export function isStopOf(error: unknown): boolean {
  return error instanceof ThingError && error.code === "ACTION_CANCELLED";
}
