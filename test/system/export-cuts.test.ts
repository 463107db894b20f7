import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { messageOf } from "../../src/base/errors.ts";
import { describeRecording } from "../../src/recording/files/describe.ts";
import { RecordingsFolder } from "../../src/recording/folder/recordings-folder.ts";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { collect, newPath } from "../recording/recordings.ts";
import { readDiskLog } from "./disk-log.ts";
import { runWithShim } from "./disk-shim.ts";
import { Disk, FATES, randomOf } from "./power-cut.ts";

const CUTS = process.env.THINGSCOPE_LONG ? 300 : 10;
/** One cut of so many is followed by a server that opens the folder. */
const OPENED = process.env.THINGSCOPE_LONG ? 6 : 7;
/** What the child makes: names without their ends, and what they are to become. */
const WANTED = { "to-mp4": "mp4", "to-webm": "webm", "split-00": "mp4", "split-01": "mp4" };
const STILL = await jpegOf(96, 64);

async function isThere(folder: string, name: string): Promise<boolean> {
  return (await readdir(folder)).includes(name);
}

/** Recordings that were closed and on the disk, with as many frames. */
async function closedIn(folder: string): Promise<[stem: string, frames: number][]> {
  const all = await Promise.all(
    Object.keys(WANTED).map(async (stem) => {
      const { summary } = await describeRecording(join(folder, `${stem}.mkv`));
      return summary ? [[stem, summary.written] as [string, number]] : [];
    }),
  );
  return all.flat();
}

/** How many frames a recording has in its MKV, or else in what was made of it, if that verifies. */
async function framesOf(folder: string, stem: string, format: string): Promise<number> {
  const mkv = join(folder, `${stem}.mkv`);
  if (await isThere(folder, `${stem}.mkv`)) {
    await using film = await openRecording(mkv);
    return (await collect(film.frames())).length;
  }
  const { ok, frames, sentence } = await verifyRecording(join(folder, `${stem}.${format}`));
  assert.ok(ok, sentence);
  return frames;
}

async function assertNothingLost(folder: string, due: [string, number][]): Promise<void> {
  for (const [stem, frames] of due) {
    const format = WANTED[stem as keyof typeof WANTED];
    assert.equal(await framesOf(folder, stem, format), frames, stem);
  }
  if (!(await isThere(folder, "still.jpg"))) return;
  const still = await readFile(join(folder, "still.jpg"));
  assert.ok(still.equals(Buffer.from(STILL)), "a still that has its name is whole");
}

/** A server opens the folder: all that is asked for, as the ledgers say, is made, and nothing else is left. */
async function assertResumed(folder: string, due: [string, number][]): Promise<void> {
  const asked = new Set<string>();
  for (const [stem] of due) {
    const { exports } = await describeRecording(join(folder, `${stem}.mkv`));
    if (exports.length > 0) asked.add(stem);
  }
  const opened = new RecordingsFolder(folder);
  await opened.open();
  await opened.resumed;
  await opened.close();
  const names = await readdir(folder);
  for (const [stem, frames] of due) {
    const format = WANTED[stem as keyof typeof WANTED];
    const {
      ok,
      frames: found,
      sentence,
    } = await verifyRecording(join(folder, `${stem}.${format}`));
    assert.ok(ok && found === frames, sentence);
    assert.ok(!names.includes(`${stem}-2.${format}`), "it is not made twice");
  }
  assert.deepEqual(
    names.filter((name) => name.endsWith(".part")),
    [],
    "drafts are removed",
  );
}

test(`after each of ${CUTS} power cuts there is the MKV or the whole MP4 or WebM, and what was wanted is made`, {
  timeout: 10 * TEST_MS,
}, async () => {
  const [folder, log] = [dirname(await newPath()), await newPath("disk-log")];
  const settings = { DISK_FOLDER: `${folder}/`, DISK_LOG: log, DISK_SYNC_MS: "5" };
  await runWithShim("disk-log", settings, "system/export-cut-child.js", folder);
  const calls = await readDiskLog(log);
  const byFfmpeg = calls.filter(({ kind, path }) => kind === "write" && path.endsWith(".part"));
  assert.ok(byFfmpeg.length > 4, "what ffmpeg writes is in the log");
  const failures: string[] = [];
  let [replaced, opened] = [0, 0];
  for (let seed = 1; seed <= CUTS; seed++) {
    const [random, fate] = [randomOf(seed), FATES[seed % FATES.length]!];
    const count = 1 + Math.floor(random() * calls.length);
    const restored = async (how: typeof fate) => {
      const left = dirname(await newPath());
      await new Disk(calls.slice(0, count)).restore(folder, left, how, random);
      return left;
    };
    const due = await closedIn(await restored("lost"));
    const left = await restored(fate);
    for (const [stem] of due) if (!(await isThere(left, `${stem}.mkv`))) replaced += 1;
    try {
      await assertNothingLost(left, due);
      if (seed % OPENED !== 0) continue;
      opened += 1;
      await assertResumed(left, due);
    } catch (error) {
      failures.push(`seed ${seed}, ${fate}, ${count} of ${calls.length}: ${messageOf(error)}`);
    }
  }
  assert.deepEqual(failures, []);
  assert.ok(replaced > 0 && opened > 0, "MKVs had gone, and folders were opened");
  console.log(
    `# ${CUTS} cuts in ${calls.length} calls; ${replaced} MKVs replaced, ${opened} folders opened`,
  );
});
