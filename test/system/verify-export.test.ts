import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, rename, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { exportRecording, repairRecording, verifyRecording } from "thingscope/recording";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { runCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { damage } from "../recording/damage.ts";
import { irregular } from "../recording/irregular.ts";
import { newPath, record, START } from "../recording/recordings.ts";

const timeout = TEST_MS;
const run = promisify(execFile);

for (const format of ["mp4", "webm"] as const) {
  test(`verify counts an ${format} against its ledger, and tells what is missing, added, late or not readable`, {
    timeout,
  }, async () => {
    const frames = irregular();
    const { path } = await record(frames);
    const { path: made } = await exportRecording(path, { format, replace: true });
    const folder = dirname(path);
    const verify = () => runCli(folder, "verify", basename(made));
    const whole = await verify();
    assert.deepEqual([whole.code, whole.stderr], [0, ""]);
    assert.match(
      whole.stdout,
      /OK: 100 frames over .*, stopped; none was lost\. .*; each is within 0\.\d+ ms of its time\.$/m,
    );

    const short = join(folder, `short.${format}`);
    await run("ffmpeg", ["-v", "error", "-i", made, "-c", "copy", "-frames:v", "60", short]);
    await rename(short, made);
    const cut = await verify();
    assert.equal(cut.code, 1);
    assert.match(
      cut.stdout,
      /disagrees with its ledger: 40 frames \(k3x9q2 frames 60 to 99\) missing/,
    );

    await writeFile(made, "no film");
    assert.match((await verify()).stdout, /ffprobe cannot read it/);
    const absent = await verifyRecording(made.replace("film", "none")).catch((error) => error);
    assert.equal(absent.code, "NOT_FOUND");
  });
}

test("verify of an MP4 sees bytes that a disk has changed, an event's start, and a missing ffprobe", {
  timeout,
}, async () => {
  const { path } = await record(irregular(), { timeZero: START });
  const { path: made } = await exportRecording(path, { format: "mp4", keepStart: true });
  const { ok, sentence } = await verifyRecording(made);
  assert.ok(ok, sentence);
  const bytes = await readFile(made);
  const spoilt = Buffer.from(bytes);
  spoilt.fill(0xff, bytes.length - 400, bytes.length - 100); // the film's data come last
  await writeFile(made, spoilt);
  const changed = await verifyRecording(made);
  assert.equal(changed.ok, false, changed.sentence);
  const empty = dirname(await newPath());
  const node = join(empty, "node");
  await symlink(process.execPath, node);
  const main = new URL("../../src/cli/main.js", import.meta.url).pathname;
  const both = run(node, [main, "verify", made, path], { env: { PATH: empty } });
  const failed = await both.then(
    () => undefined,
    (error) => error,
  );
  assert.equal(failed.code, 3);
  assert.match(
    failed.stderr,
    /film\.mp4 was not verified: that requires ffprobe\. The program 'ffprobe' is not installed/,
  );
  assert.match(failed.stdout, /film\.mkv: OK: 100 frames/);
});

for (const [format, keepStart] of [
  ["mp4", false],
  ["mp4", true],
  ["webm", false],
] as const) {
  test(`an ${format}${keepStart ? " that keeps its start" : ""} made before its recording was damaged and repaired still agrees with the ledger, and has those frames`, {
    timeout,
  }, async () => {
    const { path } = await record(irregular(), { timeZero: START });
    const { path: made } = await exportRecording(path, { format, keepStart });
    const { frames } = (await readLedger(ledgerPathOf(path)))!;
    for (const n of [0, 40, 41, 98, 99]) await damage(path, frames.offsetAt(n) + 20, { flip: 8 });
    await repairRecording(path);
    assert.equal((await verifyRecording(path)).ok, true);
    const { ok, sentence } = await verifyRecording(made);
    assert.ok(ok, sentence);
    assert.match(sentence, /95 frames .* and so are 5 that the recording has lost since\.$/);

    if (keepStart) return;
    const short = join(dirname(made), `short.${format}`);
    await run("ffmpeg", ["-v", "error", "-i", made, "-c", "copy", "-frames:v", "60", short]);
    await rename(short, made);
    const less = await verifyRecording(made);
    assert.match(
      less.sentence,
      /ledger: 38 frames \(k3x9q2 frames 60 to 97\) missing or not at their time\.$/,
    );
  });
}
