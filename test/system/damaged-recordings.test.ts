// What players make of a recording that was damaged and repaired, and what is said of one that another program has written.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { TEST_MS } from "../limits.ts";
import { accountOf } from "../recording/accounts.ts";
import { copyOf, damage, originals } from "../recording/damage.ts";
import { newPath } from "../recording/recordings.ts";
import { runWithShim } from "./disk-shim.ts";

const timeout = TEST_MS;
const run = promisify(execFile);
const { closed, crashed } = await originals();

async function decoded(path: string) {
  const args = ["-v", "warning", "-i", path, "-fps_mode", "passthrough", "-f", "framecrc", "-"];
  const { stdout, stderr } = await run("ffmpeg", args);
  const frames = stdout.split("\n").filter((line) => /^0,/.test(line)).length;
  return { frames, stderr: stderr.replaceAll(/0x[0-9a-f]+/g, "") };
}

test("ffmpeg decodes every frame of a repaired recording without a word", { timeout }, async () => {
  for (const original of [closed, crashed]) {
    const path = await copyOf(original);
    const at = (n: number) => original.frames[n]!.offset;
    await damage(path, at(12) + 700, { flip: 3 });
    await damage(path, at(17), { zeros: at(22) - at(17) });
    await damage(path, at(30) - 7, { flip: 4 });
    await repairRecording(path);
    assert.deepEqual(await decoded(path), { ...(await decoded(original.path)), frames: 54 });
  }
});

test("bytes that a disk cannot read cost the frames that stood there", { timeout }, async () => {
  for (const original of [closed, crashed]) {
    const path = await copyOf(original);
    const [from, to] = [original.frames[25]!.offset + 200, original.frames[27]!.offset + 200];
    const settings = { DISK_FOLDER: `${dirname(path)}/`, DISK_BAD: `${from} ${to}` };
    await runWithShim("disk-shim", settings, "system/repair-child.js", path);
    const { kept, lost } = await accountOf(path);
    assert.equal(kept.length, 57);
    assert.deepEqual(lost, [
      { run: "k3x9q2", from: 25, to: 27, why: "the disk cannot read it (EIO)" },
    ]);
    assert.deepEqual(await decoded(path), { ...(await decoded(original.path)), frames: 57 });
  }
});

test("of a recording that another program has written nothing wrong is said", {
  timeout,
}, async () => {
  const path = await copyOf(closed);
  const remuxed = await newPath("remuxed.mkv");
  await run("ffmpeg", ["-v", "error", "-i", path, "-c", "copy", remuxed]);
  await copyFile(ledgerPathOf(path), ledgerPathOf(remuxed));
  const before = await readFile(remuxed);
  const { ok, sentence } = await verifyRecording(remuxed);
  assert.equal(ok, false);
  assert.match(sentence, /It was written by Lavf[\d.]+, not by Thingscope/);
  await assert.rejects(repairRecording(remuxed), {
    code: "BAD_RECORDING",
    message: /remuxed\.mkv: It was written by Lavf/,
  });
  await assert.rejects(openRecording(remuxed), {
    code: "BAD_RECORDING",
    message: /It was written by Lavf/,
  });
  assert.ok((await readFile(remuxed)).equals(before));
});
