import { delay } from "../../base/abort.ts";
import { silentLog } from "../../base/log.ts";
import type { Command } from "../../processes/child.ts";
import { V4l2Connection } from "./connection.ts";
import type { V4l2FrameInfo } from "./frame-head.ts";
import type { V4l2Message } from "./messages.ts";
import { rateOf } from "./trouble.ts";

/** How fast a camera is, and should be. */
export interface MeasuredRate {
  /** Hz, as its mode says; undefined where the driver does not say. */
  readonly requested: number | undefined;
  /** Hz, by the driver's times and numbers, so that it does not depend on this computer's load. */
  readonly measured: number;
  readonly format: string;
}

/** The first frames of a camera tell more of its start than of its rate. */
const STARTING_FRAMES = 5;
const FEWEST_FRAMES = 3;
const START_MS = 10_000;

/**
 * Runs a camera in its present mode for `ms` milliseconds and counts its frames.
 * @param command - The V4L2 camera program for `device`, told to wait for its start (`--idle`).
 * @throws {ThingError} With the reason, when it delivers no frames.
 */
export async function measuredRate(
  command: Command,
  device: string,
  ms: number,
): Promise<MeasuredRate> {
  const frames: V4l2FrameInfo[] = [];
  let [requested, format]: [number | undefined, string] = [undefined, ""];
  const message = (one: V4l2Message) => {
    if (one.type !== "device" || !one.device.format) return;
    const { interval, fourcc, width, height } = one.device.format;
    requested = interval ? rateOf(interval) || undefined : undefined;
    format = `${fourcc} ${width}x${height}`;
  };
  const taker = {
    message,
    memoryFor: () => undefined,
    frame: (one: V4l2FrameInfo) => void frames.push(one),
  };
  const camera = new V4l2Connection(command, device, taker, silentLog);
  try {
    await camera.command("start", { withinMs: START_MS });
    const reason = await Promise.race([camera.ended, delay(ms)]);
    if (reason) throw reason;
  } finally {
    await camera.stop();
  }
  const [first, last] = [frames[STARTING_FRAMES], frames.at(-1)];
  const counted = frames.length - STARTING_FRAMES;
  if (!first?.time || !last?.time || counted < FEWEST_FRAMES) {
    return { requested, format, measured: frames.length / (ms / 1000) };
  }
  const seconds = (last.time - first.time) / 1e9;
  return { requested, format, measured: (last.sequence - first.sequence) / seconds };
}
