import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../../src/base/clock.ts";
import { TEST_MS } from "../limits.ts";
import { newPath } from "../recording/recordings.ts";
import { judge } from "./judge.ts";
import { freePort, newFaults, RecorderProcess } from "./recorder-process.ts";
import { WatchedViewer } from "./watched-viewer.ts";

// THINGSCOPE_LONG=1 stalls for 20 s and expects what a quiet machine does.
const long = process.env.THINGSCOPE_LONG === "1";
const stallMs = long ? 20_000 : 5000;
const mostAgeMs = long ? 150 : 500;
const [EIO, ENOSPC] = [5, 28];

test(`while the disk stalls for ${stallMs / 1000} s, fails and is full, capture and viewers go on, and the ledger is exact`, {
  timeout: TEST_MS,
}, async (t) => {
  const faults = await newFaults();
  const folder = dirname(await newPath());
  const recorder = new RecorderProcess(folder, await freePort(), "own", faults);
  t.after(() => recorder.kill());
  await recorder.start();
  const viewers = [new WatchedViewer(recorder.url), new WatchedViewer(recorder.url)];
  await sleep(1500);

  const from = now();
  await writeFile(faults.stall, "");
  await sleep(stallMs);
  await rm(faults.stall);
  await sleep(1000);
  for (const errno of [EIO, ENOSPC]) {
    await writeFile(faults.error, String(errno));
    await sleep(700);
    await rm(faults.error);
    await sleep(500);
  }
  const to = now();
  await sleep(500);
  for (const viewer of viewers) await viewer.leave();
  await recorder.stop();

  const meanwhile = recorder.captured.filter(
    ({ capturedAt }) => capturedAt >= from && capturedAt < to,
  );
  const fps = (1000 * meanwhile.length) / (to - from);
  for (const viewer of viewers) {
    viewer.assertNothingInvented(recorder);
    const due = meanwhile.filter((frame) => viewer.couldSee(frame));
    const seen = viewer.seen.filter(
      (frame) => frame.capturedAt >= from && frame.capturedAt < to && viewer.couldSee(frame),
    );
    const ages = seen.map(({ ageMs }) => ageMs).sort((a, b) => a - b);
    const p99 = ages[Math.floor(ages.length * 0.99)]!;
    t.diagnostic(
      `seen ${seen.length} of ${due.length}, ${fps.toFixed(1)} fps; age p99 ${p99.toFixed(1)} ms; ` +
        `${meanwhile.length - due.length} while the viewer stood still`,
    );
    assert.ok(due.length >= 0.9 * meanwhile.length, "the viewer hardly had a processor");
    assert.ok(seen.length >= 0.99 * due.length, `${seen.length} of ${due.length} seen`);
    assert.ok(p99 <= mostAgeMs, `${p99} ms`);
  }
  assert.ok(fps >= (long ? 29.4 : 25), `${fps} frames a second were captured`);

  const { accounts, ...counts } = await judge(recorder);
  t.diagnostic(`${accounts.length} files: ${JSON.stringify(counts)}`);
  assert.ok(counts.listed["the disk was too slow"]! > 30, JSON.stringify(counts));
  assert.ok(counts.outages < 3 * 30 + 30, JSON.stringify(counts));
});
