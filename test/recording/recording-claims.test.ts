import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { exportRecording } from "../../src/recording/export/export.ts";
import {
  claimRecording,
  isBeingRecorded,
  type Work,
} from "../../src/recording/files/recording-claims.ts";
import {
  removeRecording,
  removeWholeRecording,
} from "../../src/recording/files/remove-recording.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { RecordingWriter } from "../../src/recording/write/recording-writer.ts";
import { TEST_MS } from "../limits.ts";
import { frames, newPath, record } from "./recordings.ts";

const timeout = TEST_MS;
const WORKS: readonly Work[] = ["recording", "converting", "exporting", "repairing", "removing"];
/** What may begin while another goes on: rows are what goes on. */
const GOES_WITH: Readonly<Record<Work, readonly Work[]>> = {
  recording: ["recording", "converting"],
  converting: ["recording", "converting", "exporting"],
  exporting: ["recording", "converting", "exporting"],
  repairing: [],
  removing: [],
};

for (const held of WORKS) {
  test(`while a recording is claimed for ${held}, it can be claimed for: ${GOES_WITH[held].join(", ") || "nothing"}`, () => {
    const release = claimRecording("/films/nest.mkv", held);
    for (const work of WORKS) {
      if (GOES_WITH[held].includes(work)) claimRecording("/films/nest.mp4", work)();
      else assert.throws(() => claimRecording("/films/nest.mp4", work), { code: "LOCK_BUSY" });
    }
    claimRecording("/films/nest-2.mkv", "removing")();
    release();
    claimRecording("/films/nest.mkv", "removing")();
  });
}

test("a recording is exported once to one format at a time", () => {
  const release = claimRecording("/films/nest.mkv", "exporting", "mp4");
  claimRecording("/films/nest.mkv", "exporting", "webm")();
  assert.throws(() => claimRecording("/films/nest.mkv", "exporting", "mp4"), {
    code: "LOCK_BUSY",
    message: "'nest.mkv' is being exported. Wait until the export has finished, or cancel it.",
  });
  release();
});

test("a file that this process is writing is neither repaired nor removed", {
  timeout,
}, async () => {
  const path = await newPath();
  const writer = new RecordingWriter({ path });
  await writer.opened;
  for (const frame of frames(10, 30)) writer.add(frame);
  await writer.begun;
  assert.equal(isBeingRecorded(path), true);
  await assert.rejects(repairRecording(path), { code: "LOCK_BUSY", message: /film\.mkv/ });
  await assert.rejects(removeRecording(path), { code: "LOCK_BUSY" });
  await symlink(".", join(dirname(path), "link"));
  const linked = join(dirname(path), "link", basename(path));
  await assert.rejects(repairRecording(linked), { code: "LOCK_BUSY" });
  await assert.rejects(exportRecording(linked, { format: "mp4" }), { code: "LOCK_BUSY" });
  await rm(join(dirname(path), "link"));
  assert.equal((await writer.close()).written, 10);
  assert.equal(isBeingRecorded(path), false);
  await removeRecording(path);
  assert.deepEqual(await readdir(dirname(path)), []);
});

test("a whole recording goes with what was made of it, also where that had to take another name", {
  timeout,
}, async () => {
  const { path } = await record(frames(10, 30));
  const folder = dirname(path);
  for (const name of ["film.webm", "film-2.mp4", "film-3.mp4", "film.mkv.undo"]) {
    await writeFile(join(folder, name), "x");
  }
  const note = JSON.stringify({ exported: { file: "film-2.mp4", frames: 10 } });
  const outside = JSON.stringify({ exported: { file: "../film.mp4", frames: 10 } });
  await writeFile(join(folder, "film.ledger.jsonl"), `${note}\n${outside}\n`, { flag: "a" });
  const gone = await removeWholeRecording(path);
  assert.deepEqual(gone.map((one) => basename(one)).toSorted(), [
    "film-2.mp4",
    "film.mkv",
    "film.mp4",
    "film.webm",
  ]);
  assert.deepEqual(await readdir(folder), ["film-3.mp4"]);
});

test("a recording whose folder goes while it is made says why, and leaves its name free", {
  timeout,
}, async () => {
  const path = await newPath();
  const folder = dirname(path);
  for (let turn = 0; turn < 30; turn++) {
    await mkdir(folder, { recursive: true });
    const writer = new RecordingWriter({ path });
    const opened = writer.opened.catch((error: Error) => error);
    writer.ended.catch(() => {});
    while (!existsSync(path)) await setImmediate();
    rmSync(folder, { recursive: true, force: true });
    const refused = await opened;
    if (refused instanceof Error) {
      assert.match(
        refused.message,
        /cannot be created: there is no such file or folder \(ENOENT\)\. (?!.*unlink).* then record again\.$/,
      );
    }
    await writer.close("stopped").catch(() => {});
    assert.equal(isBeingRecorded(path), false);
  }
});
