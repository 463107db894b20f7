import assert from "node:assert/strict";
import { mkdir, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { RecordingWriter } from "../../src/recording/write/recording-writer.ts";
import { TEST_MS } from "../limits.ts";
import { collect, frame, newPath } from "./recordings.ts";

const timeout = TEST_MS;

/** Records a frame each 20 ms until that ends by itself; `fault` befalls it after some frames. */
async function recordUntilGone(path: string, fault: (path: string) => Promise<void>) {
  const writer = new RecordingWriter({ path });
  await writer.opened;
  writer.add(frame(0, 0));
  await writer.begun;
  await fault(path);
  for (let index = 1; writer.endReason === undefined; index++) {
    writer.add(frame(index, index * 20));
    await sleep(20);
  }
  return writer.ended;
}

const NOTHING_LEFT: Record<string, [why: string, fault: (path: string) => Promise<void>]> = {
  "whose folder is removed": [
    "its folder was removed",
    (path) => rm(dirname(path), { recursive: true }),
  ],
  "whose folder is removed and made anew": [
    "its file was removed",
    async (path) => {
      await rm(dirname(path), { recursive: true });
      await mkdir(dirname(path));
    },
  ],
  "whose file is removed": ["its file was removed", unlink],
  "whose file is replaced": [
    "another file has taken its place",
    async (path) => {
      await unlink(path);
      await writeFile(path, "another's");
    },
  ],
};

describe("each is found within a second or two", { concurrency: true, timeout }, () => {
  for (const [which, [why, fault]] of Object.entries(NOTHING_LEFT)) {
    test(`a recording ${which} ends with that reason, and says that it has no frame`, async () => {
      const { ended, written, captured, dropped } = await recordUntilGone(await newPath(), fault);
      assert.equal(ended, why);
      assert.equal(written, 0);
      assert.deepEqual(dropped, { [why]: captured });
    });
  }

  test("a recording whose ledger is removed ends, and the film has every frame", async () => {
    const path = await newPath();
    const { ended, written } = await recordUntilGone(path, () => unlink(ledgerPathOf(path)));
    assert.equal(ended, "its ledger was removed");
    await using film = await openRecording(path);
    assert.equal((await collect(film.frames())).length, written);
  });

  test("a recording whose folder is moved ends, and the moved file has every frame", async () => {
    const path = await newPath();
    const elsewhere = `${dirname(path)}-elsewhere`;
    const { ended, written } = await recordUntilGone(path, () => rename(dirname(path), elsewhere));
    assert.equal(ended, "its folder was moved, or its disk taken out");
    const { ok, frames, sentence } = await verifyRecording(path.replace(dirname(path), elsewhere));
    assert.ok(ok && frames === written && written > 0, sentence);
  });
});

test("a file that has vanished when the recording is stopped is told of at once", {
  timeout,
}, async () => {
  const writer = new RecordingWriter({ path: await newPath() });
  const path = await writer.opened;
  writer.add(frame(0, 0));
  await writer.begun;
  await unlink(path);
  const { ended, written } = await writer.close();
  assert.deepEqual({ ended, written }, { ended: "its file was removed", written: 0 });
});

test("what another puts in the place of a recording without a frame is left alone", {
  timeout,
}, async () => {
  const writer = new RecordingWriter({ path: await newPath() });
  const path = await writer.opened;
  await unlink(path);
  await writeFile(path, "another's");
  await writer.close();
  assert.equal(await readFile(path, "utf8"), "another's");
});
