import assert from "node:assert/strict";
import { open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import {
  type LostFrames,
  lossIn,
  type RecordingSummary,
} from "../../src/recording/ledger/ledger.ts";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { longSize, SIZE_BYTES } from "../../src/recording/matroska/ebml.ts";
import { read } from "../../src/recording/matroska/file-bytes.ts";
import {
  CLUSTER_SIZE_AT,
  SEGMENT_AT,
  SEGMENT_SIZE_AT,
} from "../../src/recording/matroska/matroska.ts";
import { headOf, scan } from "../../src/recording/matroska/scan.ts";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";

/** Frames in a file are this far apart at least; where they come further apart than this and do not say so, their clock stands still; what goes back by more than this is a step; ms. */
const [CLOSEST_MS, STILL_MS, BACK_MS] = [0.1, 5, 100];
/** A smaller difference of the clocks is not followed, ms: decision 73. */
const NOT_FOLLOWED_MS = 20;
/** What a double cannot tell apart in a time, ms. */
const ROUNDED_MS = 0.001;

/** A frame that a stream gave out, as its witness wrote it down. */
export interface Captured {
  readonly run: string;
  readonly index: number;
  /** Epoch ms. */
  readonly capturedAt: number;
  /** CRC-32 of the JPEG. */
  readonly crc: number;
}

/** A frame in a file. Without a ledger it has no identity. */
export interface Kept extends Omit<Captured, "run" | "index"> {
  readonly run: string | undefined;
  readonly index: number | undefined;
}

/** What a recording has, and what it says that it lacks. */
export interface Account {
  readonly path: string;
  readonly kept: readonly Kept[];
  readonly lost: readonly LostFrames[];
  readonly summary: RecordingSummary;
}

/** Reads a recording that is closed; its ledger must agree with it to the byte. */
export async function accountOf(path: string): Promise<Account> {
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
  await assertClosed(path);
  const ledger = await readLedger(ledgerPathOf(path));
  const kept: Kept[] = [];
  await using film = await openRecording(path);
  for await (const { jpeg, ...frame } of film.frames()) kept.push({ ...frame, crc: crc32(jpeg) });
  const lost = ledger!.notes.flatMap(({ note }) => lossIn(note) ?? []);
  const summary = ledger!.summary!;
  const count = lost.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  assert.equal(summary.written, kept.length, sentence);
  assert.equal(summary.captured, kept.length + count, sentence);
  return { path, kept, lost, summary };
}

/** That each element of a file ends where the next begins, and the last where the file does. */
async function assertClosed(path: string): Promise<void> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { clustersAt, cuesAt, durationTicks } = await headOf(file);
    assert.ok(durationTicks !== undefined && cuesAt !== undefined, path);
    const sizeOfSegment = await read(file, SEGMENT_SIZE_AT, SIZE_BYTES);
    assert.deepEqual(sizeOfSegment, longSize(size - SEGMENT_AT), `${path}: size of the segment`);
    let end = clustersAt;
    for await (const part of scan(file, clustersAt)) {
      if (part.kind !== "cluster") continue;
      assert.equal(part.at, end, `${path}: a cluster does not end where the next begins`);
      end = part.at + CLUSTER_SIZE_AT + SIZE_BYTES + part.size;
    }
    assert.equal(end, cuesAt, `${path}: the last cluster does not end where the cues begin`);
  } finally {
    await file.close();
  }
}

/**
 * That recordings of one stream, in the order of time, have no frame that was not captured, none twice, none out of order, and
 * none that they say they lack. @returns what was captured and is neither in them nor listed.
 * @param clockSteps - How the wall clock was set meanwhile, ms each: a file has the times of the clock as it was when it began.
 */
export function missingFrom(
  accounts: readonly Account[],
  captured: readonly Captured[],
  clockSteps: readonly number[] = [],
): Captured[] {
  const placeOf = new Map(captured.map(({ run, index }, place) => [`${run}/${index}`, place]));
  const settled = new Map<number, string>();
  const settle = (place: number | undefined, what: string, path: string) => {
    const where = `${what} of ${path}`;
    assert.ok(place !== undefined, `${where} was never captured`);
    assert.ok(!settled.has(place), `${where} is also ${settled.get(place)}`);
    settled.set(place, where);
  };
  let newest = -1;
  for (const { path, kept, lost } of accounts) {
    const placed: Placed[] = [];
    for (const { run, index, capturedAt, crc } of kept) {
      const place =
        run === undefined ? placeOfTime(captured, capturedAt) : placeOf.get(`${run}/${index}`);
      settle(place, `frame ${run ?? capturedAt}/${index}`, path);
      const truth = captured[place!]!;
      assert.equal(
        crc,
        truth.crc,
        `frame ${truth.run}/${truth.index} of ${path} is another picture`,
      );
      assert.ok(place! > newest, `frame ${run}/${index} of ${path} comes too late`);
      newest = place!;
      placed.push({ place: place!, stamped: truth.capturedAt, time: capturedAt });
    }
    for (const { run, from, to, why } of lost) {
      assert.notEqual(why, "");
      for (let n = from; n <= to; n++) {
        const place = placeOf.get(`${run}/${n}`);
        settle(place, `lost ${run}/${n}`, path);
        placed.push({ place: place!, stamped: captured[place!]!.capturedAt });
      }
    }
    assertTimes(path, placed, clockSteps);
  }
  return captured.filter((_, place) => !settled.has(place));
}

/** A frame that came to a file, by its place among all that was captured. */
interface Placed {
  readonly place: number;
  /** Epoch ms. */
  readonly stamped: number;
  /** In the file; of a frame that was lost on its way nobody knows it. */
  readonly time?: number;
}

/** That each frame of a file has the time that it was stamped with, or one that it was moved on to. */
function assertTimes(path: string, placed: readonly Placed[], clockSteps: readonly number[]): void {
  let ahead = Number.POSITIVE_INFINITY; // none is moved back
  for (const { stamped, time } of placed) {
    if (time !== undefined) ahead = Math.min(ahead, time - stamped);
  }
  ahead = aheadBy(ahead, clockSteps);
  let before: Span = { from: Number.NEGATIVE_INFINITY, to: Number.NEGATIVE_INFINITY };
  for (const { place, stamped, time: inFile } of placed.toSorted((a, b) => a.place - b.place)) {
    if (inFile === undefined) {
      const isMoved = stamped < before.to + CLOSEST_MS;
      before = { from: stamped, to: isMoved ? stamped + BACK_MS : stamped };
      continue;
    }
    const time = inFile - ahead;
    const off = isMovedOn(time, stamped, before) ? 0 : Math.abs(time - stamped);
    const about = { place, stamped, time, before };
    assert.ok(off <= 0.051, `${path}: a time is wrong by ${off} ms: ${JSON.stringify(about)}`);
    before = { from: time, to: time };
  }
}

/** When a frame may be in a file, epoch ms: one moment for each that is. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Whether a frame was moved on behind the one that came before it, as decision 94 has it: it was stamped no later than that one, as
 * one of a burst, or hardly later though it came much later. It is as much later then as it came later, 0.1 ms at least.
 */
function isMovedOn(time: number, stamped: number, before: Span): boolean {
  const latest = Math.min(before.to, time - CLOSEST_MS + ROUNDED_MS); // that the one before it can have
  const isNoLater = latest >= before.from && stamped <= latest + ROUNDED_MS;
  const isStill = stamped < before.to + CLOSEST_MS && time - before.from > STILL_MS - ROUNDED_MS;
  return (isNoLater || isStill) && time - stamped < BACK_MS;
}

/**
 * What the times of a file may be ahead of the frames' by: nothing, or what the clock was set by between two moments, to 0.5 s. Where it
 * was set there and back it is right again but for what decision 73 does not follow, since two clocks are read one after the other.
 */
function aheadBy(difference: number, clockSteps: readonly number[]): number {
  const sums = [0];
  for (const step of clockSteps) sums.push(sums.at(-1)! + step);
  const isSet = sums.some((from, n) =>
    sums
      .slice(n + 1)
      .some((to) => Math.abs(difference - (to - from)) < (to === from ? NOT_FOLLOWED_MS : 500)),
  );
  return isSet ? difference : 0;
}

function placeOfTime(captured: readonly Captured[], time: number): number | undefined {
  const place = captured.findIndex(({ capturedAt }) => Math.abs(capturedAt - time) <= 0.051);
  return place < 0 ? undefined : place;
}
