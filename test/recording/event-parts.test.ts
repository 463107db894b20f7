import assert from "node:assert/strict";
import { test } from "node:test";
import type { Frame } from "../../src/frames/frame.ts";
import type { LostFrames } from "../../src/recording/ledger/ledger.ts";
import {
  EventCutter,
  type EventSink,
  type EventWindow,
} from "../../src/recording/write/event-cutter.ts";
import { PreRollRing } from "../../src/recording/write/pre-roll.ts";
import { fc, runs } from "../property.ts";
import { frame, START } from "./recordings.ts";

/** A file that only remembers, ms after START; from its `failsAt`th frame on it takes none. */
class Part implements EventSink {
  readonly from: number;
  readonly before: Part | undefined;
  readonly frames: number[] = [];
  readonly missed: number[] = [];
  readonly failsAt: number;
  readonly isNowhere: boolean;
  follows: number | undefined;
  ended: string | undefined;

  constructor(
    { from }: EventWindow,
    before?: Part,
    failsAt = Number.POSITIVE_INFINITY,
    isNowhere = false,
  ) {
    this.isNowhere = isNowhere;
    this.from = from - START;
    this.before = before;
    this.failsAt = failsAt;
  }

  get failed(): boolean {
    return this.frames.length >= this.failsAt;
  }

  add({ index }: Frame): boolean {
    assert.equal(this.ended, undefined);
    (this.failed ? this.missed : this.frames).push(index);
    return this.missed.length === 0;
  }

  follow({ index }: Pick<Frame, "index">): void {
    assert.equal(this.frames.length, 0);
    this.follows = index;
  }

  replacedFrom({ index }: Pick<Frame, "index">): void {
    while (this.missed.at(-1)! >= index) this.missed.pop();
  }

  noteLoss(lost: LostFrames): void {
    assert.fail(lost.why);
  }

  end(reason: string): void {
    assert.equal(this.ended, undefined);
    this.ended = reason;
  }
}

interface Story {
  preMs: number;
  postMs: number;
  maxMs?: number;
  maxBytes?: number;
  /** When triggers come, ms after START. */
  triggers: number[];
  /** When frames are captured. */
  times: number[];
  /** How long a frame is on its way, ms. */
  latencyMs: number;
  /** How many frames the nth file takes before it fails. */
  failsAt?: number[];
  /** How many files at the beginning never are. */
  nowhere?: number;
}

/** Plays a story, and then time until all files are over. */
function play({ triggers, times, latencyMs, failsAt = [], nowhere = 0, ...limits }: Story) {
  const parts: Part[] = [];
  const partOf: Part[] = [];
  const preRoll = new PreRollRing({ spanMs: limits.preMs, maxBytes: 1e9 });
  const open = (window: EventWindow, before?: Part) => {
    const { length } = parts;
    const part = new Part(window, before, failsAt[length], length < nowhere);
    parts.push(part);
    return part;
  };
  const cutter = new EventCutter({ ...limits, preRoll, open });
  const arrivals = times.map((at, index) => ({ at: at + latencyMs, index }));
  const happenings = [...triggers.map((at) => ({ at, index: undefined })), ...arrivals];
  happenings.sort((a, b) => a.at - b.at);
  for (const { at, index } of happenings) {
    if (index === undefined) partOf.push(cutter.trigger(START + at));
    else cutter.frame(frame(index, times[index]!));
  }
  const end = (happenings.at(-1)?.at ?? 0) + limits.preMs + limits.postMs + 2000;
  cutter.advance(START + end);
  cutter.advance(START + end + 2000);
  assert.equal(cutter.active, false);
  return { parts, partOf };
}

/** Which frames are in a window about a trigger. */
function wanted({ preMs, postMs, triggers, times }: Story): number[] {
  const isIn = (at: number) =>
    triggers.some((trigger) => at >= trigger - preMs && at <= trigger + postMs);
  return times.flatMap((at, index) => (isIn(at) ? [index] : []));
}

const steps = (count: number, most: number) =>
  fc.array(fc.integer({ min: 1, max: most }), { maxLength: count }).map((gaps) => {
    let at = 0;
    return gaps.map((gap) => {
      at += gap;
      return at;
    });
  });

const stories = {
  preMs: fc.integer({ min: 0, max: 3000 }),
  postMs: fc.integer({ min: 0, max: 3000 }),
  triggers: steps(12, 3000),
  times: steps(150, 200),
  latencyMs: fc.integer({ min: 0, max: 300 }),
};
const numRuns = runs(400);
const at30 = Array.from({ length: 400 }, (_, n) => (n * 1000) / 30);
const count = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n);

test("an event has as many files as it needs: each frame is in one, and no file is too long", () => {
  const maxMs = fc.integer({ min: 400, max: 5000 });
  fc.assert(
    fc.property(fc.record({ ...stories, maxMs }), (story) => {
      const { parts, partOf } = play(story);
      assert.deepEqual(
        parts.flatMap(({ frames }) => frames),
        wanted(story),
      );
      const at = (index: number) => story.times[index]!;
      for (const part of parts) {
        const [first, last] = [part.frames[0], part.frames.at(-1)];
        if (first === undefined || last === undefined) continue;
        assert.ok(at(last) - at(first) < story.maxMs, `${at(first)} to ${at(last)}`);
        if (part.before)
          assert.equal(part.follows, first - 1, "it begins with the very next frame");
      }
      const inTime = [...parts].sort((a, b) => a.from - b.from); // a late frame may have begun one
      for (const [n, trigger] of story.triggers.entries()) {
        const found = inTime.indexOf(partOf[n]!);
        for (const [place, { frames }] of inTime.entries()) {
          if (place < found) for (const one of frames) assert.ok(at(one) <= trigger);
          if (place > found) for (const one of frames) assert.ok(at(one) > trigger);
        }
      }
    }),
    { numRuns },
  );
});

test("a file that has failed is replaced at the next trigger, and every frame is in one account", () => {
  const failsAt = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 5 });
  fc.assert(
    fc.property(
      fc.record({ ...stories, maxMs: fc.constantFrom(600, 2000, 1e9), failsAt }),
      (story) => {
        const { parts } = play(story);
        const accounted = parts.flatMap(({ frames, missed }) => [...frames, ...missed]);
        assert.deepEqual(accounted, wanted(story));
      },
    ),
    { numRuns },
  );
});

test("triggers again and again give files of 2 s that follow on each other, and each trigger its own", () => {
  const triggers = [1000, 2000, 3000, 4000, 5000, 6000];
  const story = { preMs: 500, postMs: 1000, maxMs: 2000, triggers, times: at30, latencyMs: 5 };
  const { parts, partOf } = play(story);
  assert.deepEqual(
    parts.map(({ frames, ended }) => [frames[0], frames.at(-1), ended]),
    [
      [15, 74, "split"],
      [75, 134, "split"],
      [135, 194, "split"],
      [195, 210, "the window is over"],
    ],
  );
  assert.deepEqual(
    partOf.map((part) => parts.indexOf(part)),
    [0, 0, 1, 1, 2, 2],
  );
});

test("a file ends before it is too large", () => {
  const maxBytes = 10 * frame(0, 0).jpeg.length;
  const story = { preMs: 0, postMs: 1000, maxBytes, triggers: [1000], times: at30, latencyMs: 0 };
  assert.deepEqual(
    play(story).parts.map(({ frames }) => frames),
    [count(30, 39), count(40, 49), count(50, 59), [60]],
  );
});

test("a file that has failed misses the rest of its window, and a trigger meanwhile begins another with the next frame", () => {
  const story = { preMs: 500, postMs: 2000, times: at30, latencyMs: 0, failsAt: [20] };
  const alone = play({ ...story, triggers: [1000] });
  assert.deepEqual(
    [alone.parts[0]!.frames, alone.parts[0]!.missed],
    [count(15, 34), count(35, 90)],
  );
  const { parts, partOf } = play({ ...story, triggers: [1000, 2000] });
  assert.deepEqual(
    parts.map(({ frames, missed }) => [frames, missed]),
    [
      [count(15, 34), count(35, 44)],
      [count(45, 120), []],
    ],
  );
  assert.equal(partOf[1], parts[1]);
});

test("what was given to a file that never was is for the next one", () => {
  const story = { preMs: 500, postMs: 500, times: at30, latencyMs: 0, failsAt: [3], nowhere: 1 };
  const soon = play({ ...story, triggers: [1000, 1101] });
  assert.deepEqual(soon.parts[1]!.frames, count(19, 48));
  const later = play({ ...story, triggers: [1000, 2001] });
  assert.deepEqual(later.parts[1]!.frames, count(46, 75));
});
