import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { numberInPixels, stampedPicture } from "../../bench/recording/pixel-stamp.ts";
import { delay } from "../../src/base/abort.ts";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { patience, TEST_MS } from "../limits.ts";
import type { Account } from "../recording/accounts.ts";
import { newPath } from "../recording/recordings.ts";
import { SEED } from "../seed.ts";
import { judge } from "./judge.ts";
import { Nemesis, SourceProcess } from "./nemesis.ts";
import { SIDE } from "./nemesis-deeds.ts";
import { OTHER } from "./nemesis-programs.ts";
import { randomOf } from "./power-cut.ts";
import { freePort, newFaults, RecorderProcess } from "./recorder-process.ts";
import { WatchedViewer } from "./watched-viewer.ts";

const MINUTES = Number(
  process.env.THINGSCOPE_NEMESIS_MINUTES ?? (process.env.THINGSCOPE_LONG ? 10 : 0.6),
);
/** How many pictures there are. */
const PICTURES = 1000;
/** Of so many frames one is decoded: each in a long run. */
const SAMPLE = MINUTES >= 10 ? 1 : 10;

/** Pictures with their number in their pixels. @returns their folder. */
async function stampedPictures(): Promise<string> {
  const folder = dirname(await newPath());
  for (let n = 0; n < PICTURES; n++) {
    await writeFile(join(folder, `${n}.jpg`), await stampedPicture(n, 640, 400, 50));
  }
  return folder;
}

/**
 * That each picture is one that the source has sealed, and that they are in its order; of some that their pixels, and not their
 * comment alone, are those. @returns how many were decoded.
 */
async function assertSealed(accounts: readonly Account[]): Promise<number> {
  let newest = [0, -1];
  let decoded = 0;
  for (const { path } of accounts) {
    await using film = await openRecording(path);
    for await (const { jpeg, run, index } of film.frames()) {
      const comment = Buffer.from(jpeg.subarray(6, 100)).toString("latin1");
      const [, launch = "", n = "", seal] =
        /^launch=(\d+) n=(\d+) seal=(\w{16})/.exec(comment) ?? [];
      const sealed = createHash("sha256").update(`${launch}/${n}`).digest("hex").slice(0, 16);
      assert.equal(seal, sealed, `${run}/${index} of ${path} was not made by the source`);
      const place = [Number(launch), Number(n)];
      const isLater = place[0]! > newest[0]! || (place[0] === newest[0] && place[1]! > newest[1]!);
      assert.ok(isLater, `${run}/${index} of ${path} is frame ${place}, after frame ${newest}`);
      newest = place;
      if (Number(n) % SAMPLE > 0) continue;
      assert.equal(await numberInPixels(jpeg), Number(n) % PICTURES, `${run}/${index} of ${path}`);
      decoded += 1;
    }
  }
  return decoded;
}

test(`in ${MINUTES} minutes of faults no frame is invented, changed, doubled or out of order, and each that is missing has a cause`, {
  timeout: TEST_MS + 2 * MINUTES * 60_000,
}, async (t) => {
  const folder = dirname(await newPath());
  const faults = await newFaults();
  const source = new SourceProcess(await freePort(), await stampedPictures());
  t.after(() => source.kill());
  const recorder = new RecorderProcess(folder, await freePort(), source.url, faults);
  t.after(() => recorder.kill());
  await recorder.start();
  const viewer = new WatchedViewer(recorder.url);
  t.after(() => viewer.leave()); // it would come back for ever
  const nemesis = new Nemesis(recorder, source, faults, randomOf(SEED));
  t.diagnostic(`THINGSCOPE_SEED=${SEED}`);
  await nemesis.rage(MINUTES * 60_000);
  // Kills and deletions may have taken each step of a short run with its recording: nothing takes this one.
  await recorder.kill();
  await recorder.start();
  await nemesis.setClock();
  const before = recorder.captured.length;
  for (const signal = patience(); recorder.captured.length < before + 10; ) await delay(50, signal);
  await viewer.leave();
  await recorder.stop();

  const { clockSteps, files } = nemesis;
  const circumstances = { clockSteps, deleted: files.deleted, side: SIDE, other: OTHER };
  const { accounts, ...counts } = await judge(recorder, circumstances);
  const there = await readdir(folder);
  assert.deepEqual(
    there.filter((name) => name.endsWith(".part")),
    [],
  );
  const decoded = await assertSealed(accounts.filter(({ path }) => path.endsWith(".mkv")));
  assert.ok(decoded > 0);
  const seen = viewer.assertNothingInvented(recorder);
  const noted = accounts.flatMap(({ summary }) => summary.clockSteps);
  t.diagnostic(`${nemesis.done.length} faults: ${nemesis.done.join("; ")}`);
  const others = there.filter((name) => name.startsWith(OTHER) && name.endsWith(".mkv")).length;
  t.diagnostic(
    `${others} recordings of other programs; ${nemesis.others.damaged} frames damaged; ${accounts.length} recordings, ${files.deleted.length} of them deleted; ${there.filter((name) => /\.(mp4|webm)$/.test(name)).length} exports: ${JSON.stringify(counts)}; a viewer saw ${seen}; pixels of ${decoded}`,
  );
  assert.ok(
    counts.kept > counts.captured / 2 && seen > counts.captured / 2,
    JSON.stringify(counts),
  );
  assert.ok(noted.length > 0, "no ledger tells of the clock");
  for (const step of noted) {
    const isOurs = nemesis.clockSteps.some((ours) => Math.abs(step - ours) < 500);
    assert.ok(isOurs, `a ledger tells of a step of ${step} ms; there were ${nemesis.clockSteps}`);
  }
});
