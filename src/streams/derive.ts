import { wallTime } from "../base/clock.ts";
import { type ClockSet, ClockSteps, setBy } from "../frames/clock-set.ts";
import { LostSums } from "../frames/lost-sum.ts";
import type { MJPEGStream } from "./mjpeg-stream.ts";
import type { VariantOptions } from "./stream-request.ts";

/**
 * Makes `child` a smaller or slower stream of `parent`'s pictures while anyone wants its frames. The child counts
 * its own indices; each frame names the parent's frame as its origin. It stops and starts with its parent, and shows its placeholders.
 * Returns how to end that.
 *
 * @throws {ThingError} `BAD_ARGUMENT` for options out of range.
 */
export function derive(
  parent: MJPEGStream,
  child: MJPEGStream,
  options: VariantOptions,
): () => void {
  parent.variant(options); // so that bad options fail here and now
  child.shareSource(parent);
  child.log = parent.log;
  const steps = new ClockSteps();
  const losses = new LostSums();
  let clockSet: ClockSet | undefined;
  let leave: AbortController | undefined;
  const relay = async (signal: AbortSignal): Promise<void> => {
    const variant = parent.variant(options);
    const endFaults = variant.onPlaceholder(() => {
      const isItsOwn = variant.placeholder && variant.placeholder !== parent.placeholder;
      if (isItsOwn && child.streaming) child.showPlaceholder(variant.placeholder);
    });
    signal.addEventListener("abort", endFaults);
    for await (const frame of variant.frames(signal)) {
      if (parent.placeholder) continue; // it came before that
      const { run, index, capturedAt, jpeg } = frame;
      const origin = frame.origin ?? {
        stream: parent.name,
        run,
        index,
        capturedAt: wallTime(capturedAt),
      };
      const step = steps.next(frame);
      if (step) clockSet = setBy(clockSet, step);
      const lossesBefore = losses.next(frame);
      child.offerFrame(jpeg, { capturedAt, origin, lossesBefore, clockSet });
    }
  };
  const adapt = () => {
    if (!child.demand.active || !parent.streaming) {
      leave?.abort();
      leave = undefined;
    } else if (!leave) {
      leave = new AbortController();
      void relay(leave.signal);
    }
  };
  const ends = [
    child.demand.onChange(adapt),
    parent.onPlaceholder(() => child.streaming && child.showPlaceholder(parent.placeholder)),
    parent.onStop(() => {
      adapt();
      child.stop();
    }),
    parent.onRun(() => {
      if (!child.streaming) child.reset();
      adapt();
    }),
  ];
  adapt();
  return () => {
    for (const end of ends) end();
    leave?.abort();
  };
}
