import assert from "node:assert/strict";
import { open, readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../../src/base/clock.ts";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { startRecording } from "../../src/recording/write/continuous-recording.ts";
import { RecordingWriter } from "../../src/recording/write/recording-writer.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { collect, frame, frames, newPath, record, START } from "./recordings.ts";

const timeout = TEST_MS;
const HOUR_MS = 3_600_000;

/** Changes the lines of a ledger, each as JSON. */
async function edit(path: string, change: (line: never, n: number) => unknown): Promise<void> {
  const lines = (await readFile(ledgerPathOf(path), "utf8")).trimEnd().split("\n");
  const changed = lines.map((line, n) => JSON.stringify(change(JSON.parse(line) as never, n)));
  await writeFile(ledgerPathOf(path), `${changed.join("\n")}\n`);
}

test("frames after a step back of their clock go on after those before it, and the ledger has the step", {
  timeout,
}, async () => {
  const all = frames(20, 40).map((one, n) => ({
    ...one,
    capturedAt: one.capturedAt - (n >= 10 ? HOUR_MS : 0),
  }));
  const { path, summary } = await record(all);
  assert.equal(summary.clockSteps.length, 1);
  assert.ok(Math.abs(summary.clockSteps[0]! + HOUR_MS) < 1000, `${summary.clockSteps}`);
  const { ok, sentence, timing } = await verifyRecording(path);
  assert.ok(ok, sentence);
  assert.ok(timing!.longestGap!.ms < 1000, sentence);
  await using film = await openRecording(path);
  const times = (await collect(film.frames())).map(({ capturedAt }) => capturedAt);
  for (const [n, time] of times.entries()) assert.ok(n === 0 || time > times[n - 1]!, `${times}`);
  assert.ok(summary.last! > summary.first!);
});

test("a step that the first frame of a next file tells is in its ledger; one before the recording is not", {
  timeout,
}, async () => {
  const said = (n: number, byMs: number) => ({
    ...frame(n, n * 40),
    clockSet: { at: START, byMs },
  });
  const first = await record([said(0, -900), said(1, -900), said(2, -900)]);
  assert.deepEqual(first.summary.clockSteps, []);
  const next = await record([said(3, 100), said(4, 100)], { follows: said(2, -900) });
  assert.deepEqual(next.summary.clockSteps, [1000]);
  const { ok, sentence } = await verifyRecording(next.path);
  assert.ok(ok, sentence);
  assert.match(sentence, /; a clock was set once, by 1\.0 s: frame times do not step/);
});

test("a clock that steps with each frame fills no summary: the sum of its steps stays right", {
  timeout,
}, async () => {
  const all = Array.from({ length: 1201 }, (_, n) => {
    return { ...frame(n, n * 40), clockSet: { at: START, byMs: n } };
  });
  const { path, summary } = await record(all);
  assert.deepEqual([summary.clockSteps.length, summary.clockSteps.at(-1)], [1000, 201]);
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
  assert.match(sentence, /a clock was set 1200 times, by 0\.0 s/);
});

test("a frame whose time is none is dropped, counted and told, also the first of a recording", {
  timeout,
}, async () => {
  const times = [Number.NaN, Number.POSITIVE_INFINITY, -5, 1e300, START, START + 40];
  const all = times.map((capturedAt, index) => ({ ...frame(index, 0), capturedAt }));
  const { path, summary } = await record(all);
  assert.deepEqual(summary.dropped, {
    "its time is not a number": 1,
    "its time is after 2199": 2,
    "its time is before 1970": 1,
  });
  assert.deepEqual([summary.captured, summary.written], [6, 2]);
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
});

test("a recording whose first frame has no time waits for one that has", { timeout }, async () => {
  const writer = new RecordingWriter({ path: await newPath() });
  await writer.opened;
  assert.equal(writer.add({ ...frame(0, 0), capturedAt: Number.NaN }), false);
  assert.equal(writer.add({ ...frame(1, 0), capturedAt: -1 }), false);
  await sleep(250); // it has looked
  assert.equal(writer.add(frame(2, 80)), true);
  await writer.begun;
  assert.equal((await writer.close()).written, 1);
});

test("a time 0 that is none is refused; one after the first frame puts no frames at one instant", {
  timeout,
}, async () => {
  const path = await newPath();
  for (const timeZero of [Number.NaN, Number.POSITIVE_INFINITY, -1]) {
    assert.throws(() => new RecordingWriter({ path, timeZero }), { code: "BAD_ARGUMENT" });
  }
  const { path: made } = await record(frames(20, 40), { timeZero: START + 10_000 });
  await using film = await openRecording(made);
  assert.equal(film.info.timeZero, START);
  assert.ok((await verifyRecording(made)).ok);
});

test("frames closer than the file's clock can tell have an instant each", {
  timeout,
}, async (t) => {
  const all = Array.from({ length: 30 }, (_, n) => frame(n, n * 0.01));
  const writer = new RecordingWriter({ path: await newPath() });
  const path = await writer.opened;
  // They come at one moment: had a busy machine delayed one, its clock would be taken for one that stands still.
  const clock = t.mock.method(performance, "now", () => 1000);
  for (const one of all) writer.add(one);
  clock.mock.restore();
  await writer.close();
  const ledger = await readLedger(ledgerPathOf(path));
  assert.deepEqual(
    Array.from(ledger!.frames, ({ capturedAt }) => capturedAt),
    all.map(({ capturedAt }) => capturedAt),
  );
  await writeFile(ledgerPathOf(path), "");
  await using film = await openRecording(path);
  const times = (await collect(film.frames())).map(({ capturedAt }) => capturedAt);
  assert.equal(new Set(times).size, 30);
});

test("verify refuses times that cannot be", { timeout }, async () => {
  type Line = [string, number, number] & { summary?: { first: number; last: number } };
  const shifted = (from: number, byMs: number) => (line: Line, n: number) =>
    Array.isArray(line) && n > from ? [line[0], line[1], line[2] + byMs, ...line.slice(3)] : line;
  for (const [change, why] of [
    [
      shifted(10, -HOUR_MS),
      /10 lines of the ledger cannot be right.*captured before the previous one, though no clock/,
    ],
    [
      (line: Line, n: number) =>
        n === 10 ? [line[0], line[1], START + 320, ...line.slice(3)] : line,
      /1 line of the ledger cannot be right.*captured at the same time as the previous one/,
    ],
    [
      ({ summary, ...line }: Line) =>
        summary ? { summary: { ...summary, last: summary.first - 5000 } } : Object.values(line),
      /ended 5 s before it began/,
    ],
    [
      ({ summary, ...line }: Line) =>
        summary ? { summary: { ...summary, last: summary.last + 5000 } } : Object.values(line),
      /its summary says 5\.760 s, .* its lines 0\.760 s/,
    ],
  ] as const) {
    const { path } = await record(frames(20, 40));
    await edit(path, (line: never, n) => {
      const isList = Array.isArray(line);
      const isSummary = !isList && "summary" in (line as object);
      return isList || isSummary ? change(line as Line, n) : line;
    });
    const { ok, sentence } = await verifyRecording(path);
    assert.equal(ok, false, sentence);
    assert.match(sentence, why);
  }
});

test("files of versions that gave close frames one tick are still OK", { timeout }, async () => {
  const { path } = await record([frame(0, 0), frame(1, 0.03), frame(2, 40)]);
  const { frames: listed } = (await readLedger(ledgerPathOf(path)))!;
  const tickAt = listed.at(1)!.offset - 3; // in its cluster; flags stand between
  const file = await open(path, "r+");
  for (const [tick, isOk] of [
    [0, true],
    [2, false],
  ] as const) {
    await file.write(Buffer.of(0, tick), 0, 2, tickAt);
    const { ok, sentence } = await verifyRecording(path);
    assert.equal(ok, isOk, sentence);
  }
  await file.close();
});

test("a source whose clock is set while its stream is recorded: frames go on, and the ledger has the step", {
  timeout,
}, async () => {
  const stream = new MJPEGStream();
  const recording = await startRecording({ camera: stream, path: await newPath() });
  const steps = [0, 0, 0, -3000, -3000, -3000, -3000, 0, 0, 0, HOUR_MS, HOUR_MS];
  for (const [index, step] of steps.entries()) {
    stream.addFrame(picture(index), { capturedAt: now() - 2 + step });
    await sleep(20);
  }
  const { files } = await recording.stop();
  const { path, summary } = files[0]!;
  assert.ok(summary.clockSteps.length >= 2, `${summary.clockSteps}`);
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
  const { frames: listed } = (await readLedger(ledgerPathOf(path)))!;
  const times = Array.from(listed, ({ capturedAt }) => capturedAt);
  const close = times.filter((time, n) => n > 0 && time - times[n - 1]! < 5);
  assert.ok(close.length <= 2, `${times.map((time) => time - times[0]!)}`);
  assert.ok(times.at(-1)! - times[0]! < 2000);
});
