import assert from "node:assert/strict";
import { setTimeout as after } from "node:timers/promises";
import { until } from "../../adapters/pystreaming/peers.ts";
import { WAIT_MS } from "../../limits.ts";
import type { PythonProgram } from "./python.ts";

export const FPS = 15;
const SECONDS = process.env.THINGSCOPE_LONG ? 10 : 3;
export const FRAMES = SECONDS * FPS;
/**
 * Frames on their way at once. Each queue, ours and Python's, holds three and drops what is more without a word; ZeroMQ hears of
 * frames that were read two at a time, so that a queue of three with two in it may count as full.
 */
const ON_THEIR_WAY = 2;

/** A way that frames take, from who sends them to where they come out. */
export interface Way {
  /** Sends the next frame. @returns Its number. */
  send(): number | Promise<number>;
  /** The numbers that have come so far, at each end. */
  readonly ends: readonly (() => number[])[];
  /** True once each part of the way has passed a frame on. */
  isComplete(): boolean;
  /** Python's programs on the way. */
  readonly programs: readonly PythonProgram[];
}

/**
 * That each frame comes once, at every end. Python's programs drop frames without a word, before they are connected and when
 * their queues are full, which is a matter of the machine's speed: so a frame is not sent before there is room for it everywhere.
 * @returns The number of the first frame that counts: those before it were sent while the parts found each other.
 */
export async function assertNothingLost(way: Way): Promise<number> {
  const first = await connected(way);
  const come = () => way.ends.map((end) => end().filter((fno) => fno >= first));
  const wait = async (isSo: (fewest: number) => boolean) => {
    const what = () => Math.min(...come().map((numbers) => numbers.length));
    await until("all frames have come", () => isSo(what())).catch(() => {
      const told = way.programs.flatMap(({ dropped }) => dropped);
      const message = `From ${first} came ${JSON.stringify(come())}; Python tells of ${JSON.stringify(told)}`;
      assert.fail(message);
    });
  };
  for (let sent = 0; sent < FRAMES; sent++) {
    await Promise.all([after(1000 / FPS), wait((fewest) => sent - fewest < ON_THEIR_WAY)]);
    assert.equal(await way.send(), first + sent);
  }
  await wait((fewest) => fewest >= FRAMES);
  const all = Array.from({ length: FRAMES }, (_, n) => first + n);
  for (const numbers of come()) assert.deepEqual(numbers.toSorted(ascending), all);
  return first;
}

/** Sends frames until all parts of the way know each other. @returns The number of the next frame. */
async function connected({ send, ends, isComplete }: Way): Promise<number> {
  let next = 0;
  const end = performance.now() + WAIT_MS;
  while (!isComplete()) {
    assert.ok(performance.now() < end, `no way for ${next} frames`);
    next = (await send()) + 1;
    await after(1000 / FPS);
  }
  await untilQuiet(() => ends.reduce((sum, come) => sum + come().length, 0));
  return next;
}

/** Waits until nothing has come for half a second. */
export async function untilQuiet(count: () => number): Promise<void> {
  let [last, since] = [count(), performance.now()];
  while (performance.now() - since < 500) {
    await after(20);
    if (count() !== last) [last, since] = [count(), performance.now()];
  }
}

export const ascending = (a: number, b: number) => a - b;
