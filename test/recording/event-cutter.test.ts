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

/** A file that only remembers, ms after START. */
class Film implements EventSink {
  readonly from: number;
  readonly frames: number[] = [];
  readonly lost: LostFrames[] = [];
  ended: string | undefined;

  constructor({ from }: EventWindow) {
    this.from = from - START;
  }

  add({ index }: Frame): void {
    assert.equal(this.ended, undefined);
    this.frames.push(index);
  }

  noteLoss(lost: LostFrames): void {
    this.lost.push(lost);
  }

  end(reason: string): void {
    assert.equal(this.ended, undefined);
    this.ended = reason;
  }
}

interface Story {
  preMs: number;
  postMs: number;
  /** When triggers come, ms after START. */
  triggers: number[];
  /** When frames are captured. */
  times: number[];
  /** How long a frame is on its way, ms. */
  latencyMs: number;
  maxBytes?: number;
}

/** Plays a story, and then time until all files are over. */
function play({ preMs, postMs, triggers, times, latencyMs, maxBytes = 1e9 }: Story) {
  const films: Film[] = [];
  const filmOf: Film[] = [];
  const open = (window: EventWindow) => {
    const film = new Film(window);
    films.push(film);
    return film;
  };
  const preRoll = new PreRollRing({ spanMs: preMs, maxBytes });
  const cutter = new EventCutter({ preMs, postMs, preRoll, open });
  const arrivals = times.map((at, index) => ({ at: at + latencyMs, index }));
  const happenings = [...triggers.map((at) => ({ at, index: undefined })), ...arrivals];
  happenings.sort((a, b) => a.at - b.at);
  for (const { at, index } of happenings) {
    if (index === undefined) filmOf.push(cutter.trigger(START + at));
    else cutter.frame(frame(index, times[index]!));
  }
  const end = (happenings.at(-1)?.at ?? 0) + preMs + postMs + 2000;
  cutter.advance(START + end);
  cutter.advance(START + end + 2000);
  return { films, filmOf, cutter };
}

/** The connected unions of the intervals about triggers. */
function unions({ preMs, postMs, triggers }: Story): { from: number; until: number }[] {
  const found: { from: number; until: number }[] = [];
  for (const at of [...triggers].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last && at - preMs <= last.until) last.until = at + postMs;
    else found.push({ from: at - preMs, until: at + postMs });
  }
  return found;
}

const steps = (count: number, most: number) =>
  fc.array(fc.integer({ min: 0, max: most }), { maxLength: count }).map((gaps) => {
    let at = 0;
    return gaps.map((gap) => {
      at += gap;
      return at;
    });
  });

test("each file is a connected union of windows, with exactly the frames in it", () => {
  const story = fc.record({
    preMs: fc.integer({ min: 0, max: 3000 }),
    postMs: fc.integer({ min: 0, max: 3000 }),
    triggers: steps(12, 4000),
    times: steps(120, 200),
    latencyMs: fc.integer({ min: 0, max: 300 }),
  });
  fc.assert(
    fc.property(story, (told) => {
      const { films, cutter } = play(told);
      const expected = unions(told).map(({ from, until }) => ({
        from,
        frames: told.times.flatMap((at, index) => (at >= from && at <= until ? [index] : [])),
      }));
      assert.deepEqual(
        films.map(({ from, frames }) => ({ from, frames })),
        expected,
      );
      for (const { ended, lost } of films)
        assert.deepEqual([ended, lost], ["the window is over", []]);
      assert.equal(cutter.active, false);
    }),
    { numRuns: runs(500) },
  );
});

const at30 = Array.from({ length: 400 }, (_, n) => (n * 1000) / 30);

test("windows of 2 s about seconds 3, 4 and 9 are a file of 5 s and one of 4 s", () => {
  const { films } = play({
    preMs: 2000,
    postMs: 2000,
    triggers: [3000, 4000, 9000],
    times: at30,
    latencyMs: 5,
  });
  assert.deepEqual(
    films.map(({ from, frames }) => [from, frames.length]),
    [
      [1000, 151],
      [7000, 121],
    ],
  );
});

test("a trigger just in time joins, one just too late does not", () => {
  const base = { preMs: 500, postMs: 2000, times: at30, latencyMs: 0 };
  assert.equal(play({ ...base, triggers: [3000, 5500] }).films.length, 1);
  assert.equal(play({ ...base, triggers: [3000, 5501] }).films.length, 2);
});

test("a trigger before there is any past gives what there is of it", () => {
  const { films } = play({ preMs: 2000, postMs: 2000, triggers: [500], times: at30, latencyMs: 0 });
  assert.deepEqual([films[0]!.frames[0], films[0]!.frames.at(-1)], [0, 75]);
});

test("what the ring had no room for is told, and nothing else is lost", () => {
  const bytes = frame(0, 0).jpeg.length;
  const story = { preMs: 2000, postMs: 1000, triggers: [5000], times: at30, latencyMs: 0 };
  const { films } = play({ ...story, maxBytes: 10 * bytes });
  const { frames, lost } = films[0]!;
  const all = [...lost.map(({ from }) => from), ...frames];
  assert.deepEqual(
    all,
    Array.from({ length: 91 }, (_, n) => 90 + n),
  );
  assert.equal(frames[0], 140);
});

test("files end where the camera does; then the next trigger begins another", () => {
  const open = (window: EventWindow) => new Film(window);
  const preRoll = new PreRollRing({ spanMs: 1000, maxBytes: 1e9 });
  const cutter = new EventCutter({ preMs: 1000, postMs: 1000, preRoll, open });
  cutter.frame(frame(0, 0));
  const film = cutter.trigger(START + 100);
  cutter.end("the camera stopped");
  assert.equal(film.ended, "the camera stopped");
  assert.notEqual(cutter.trigger(START + 200), film);
});
