import assert from "node:assert/strict";
import { basename } from "node:path";
import { test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { accountOf } from "./accounts.ts";
import { recorderOf, SteppedCamera } from "./event-films.ts";

const timeout = TEST_MS;

test("a pre-roll that is larger than the queue of new frames reaches the file to the last frame", {
  timeout,
}, async () => {
  const jpeg = picture(0, 500_000);
  const camera = new SteppedCamera(() => jpeg);
  const seconds = process.env.THINGSCOPE_LONG ? 20 : 5; // 300 MB, or 75 MB; the queue has 64 MiB
  const { recorder, films, record } = await recorderOf(camera, {
    preSec: seconds,
    postSec: 0.1,
    maxPreRollBytes: 400e6,
  });
  camera.playTo(seconds + 1);
  await record();
  camera.playTo(2 * seconds + 2);
  await recorder.stop();
  const { kept, lost, summary } = await accountOf(films[0]!.path);
  assert.deepEqual([lost, summary.dropped], [[], {}]);
  const count = Math.floor((seconds + 0.1) * 30) + 1;
  assert.deepEqual(
    kept.map(({ index }) => index),
    Array.from({ length: count }, (_, n) => 30 + n),
  );
});

test("new frames that do not fit beside it are lost to the disk, and what the pre-roll had no room for to that", {
  timeout,
}, async () => {
  const jpeg = picture(0, 100_000);
  const camera = new SteppedCamera(() => jpeg);
  const { recorder, films, record } = await recorderOf(camera, {
    preSec: 2,
    postSec: 1,
    maxPreRollBytes: 5e6,
    maxQueuedBytes: 1e6,
  });
  camera.playTo(4);
  const begun = record();
  camera.playTo(6); // in one tick: nothing is written meanwhile
  await begun;
  await recorder.stop();
  const { kept, lost, summary } = await accountOf(films[0]!.path);
  assert.deepEqual(summary.dropped, {
    "there was no room for it before the trigger": 11,
    "the disk was too slow": 20,
  });
  assert.deepEqual(
    lost.map(({ from, to }) => [from, to]),
    [
      [60, 70],
      [131, 150],
    ],
  );
  assert.deepEqual([kept.length, kept[0]?.index, kept.at(-1)?.index], [60, 71, 130]);
});

test("an event that is triggered again and again has several files, which are whole and follow on each other", {
  timeout,
}, async () => {
  const camera = new SteppedCamera((index) => picture(index));
  const { recorder, films, record } = await recorderOf(camera, { windowSizeSec: 0.5, maxSec: 2 });
  const paths: string[] = [];
  for (let second = 1; second <= 6; second++) {
    camera.playTo(second);
    paths.push(basename(await record()));
  }
  camera.playTo(8);
  await recorder.stop();
  const numbers = [1, 1, 2, 2, 3, 3];
  assert.deepEqual(
    paths,
    numbers.map((n) => `event${n}.mkv`),
  );
  const accounts = await Promise.all(films.map(({ path }) => accountOf(path)));
  accounts.sort((a, b) => a.path.localeCompare(b.path));
  const kept = accounts.flatMap((account) => account.kept.map(({ index }) => index));
  assert.deepEqual(
    kept,
    Array.from({ length: 181 }, (_, n) => 15 + n),
  );
  assert.deepEqual(
    accounts.map(({ summary }) => [summary.ended, summary.captured, summary.newRuns]),
    [
      ["split", 60, 0],
      ["split", 60, 0],
      ["split", 60, 0],
      ["the window is over", 1, 0],
    ],
  );
});

test("a run that begins between two files of an event is in the account of the second", {
  timeout,
}, async () => {
  const camera = new SteppedCamera((index) => picture(index));
  const { recorder, films, record } = await recorderOf(camera, { windowSizeSec: 1, maxSec: 1.01 });
  camera.playTo(2);
  await record();
  camera.stream.reset(); // as a camera that was unplugged
  camera.playTo(5);
  await recorder.stop();
  films.sort((a, b) => a.path.localeCompare(b.path));
  assert.deepEqual(
    films.map(({ summary }) => [summary.ended, summary.newRuns]),
    [
      ["split", 0],
      ["the window is over", 1],
    ],
  );
});
