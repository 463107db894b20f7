import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { test } from "node:test";
import { openRecording } from "../../src/recording/open-recording.ts";
import type { Account } from "../recording/accounts.ts";
import { newPath } from "../recording/recordings.ts";
import { judge } from "./judge.ts";
import { Nemesis, SourceProcess } from "./nemesis.ts";
import { randomOf } from "./power-cut.ts";
import { freePort, newFaults, RecorderProcess } from "./recorder-process.ts";
import { WatchedViewer } from "./watched-viewer.ts";

const MINUTES = Number(
  process.env.THINGSCOPE_NEMESIS_MINUTES ?? (process.env.THINGSCOPE_LONG ? 10 : 0.5),
);
const SEED = Number(process.env.THINGSCOPE_SEED ?? Date.now() % 100_000);

/** That each picture is one that the source has sealed, and that they are in its order. */
async function assertSealed(accounts: readonly Account[]): Promise<void> {
  let newest = [0, -1];
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
    }
  }
}

test(`in ${MINUTES} minutes of faults no frame is invented, changed, doubled or out of order, and each that is missing has a cause`, {
  timeout: (MINUTES + 2) * 60_000,
}, async (t) => {
  const folder = dirname(await newPath());
  const faults = await newFaults();
  const source = new SourceProcess(await freePort());
  t.after(() => source.kill());
  const recorder = new RecorderProcess(folder, await freePort(), source.url, faults);
  t.after(() => recorder.kill());
  await recorder.start();
  const viewer = new WatchedViewer(recorder.url);
  const nemesis = new Nemesis(recorder, source, faults, randomOf(SEED));
  t.diagnostic(`THINGSCOPE_SEED=${SEED}`);
  await nemesis.rage(MINUTES * 60_000);
  await viewer.leave();
  await recorder.stop();

  const { accounts, ...counts } = await judge(recorder);
  await assertSealed(accounts);
  const seen = viewer.assertNothingInvented(recorder);
  const noted = accounts.flatMap(({ summary }) => summary.clockSteps);
  t.diagnostic(`${nemesis.done.length} faults: ${nemesis.done.join("; ")}`);
  t.diagnostic(`${accounts.length} files: ${JSON.stringify(counts)}; a viewer saw ${seen}`);
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
