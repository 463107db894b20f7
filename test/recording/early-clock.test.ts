import assert from "node:assert/strict";
import { readdir, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import { RecordingsFolder } from "../../src/recording/folder/recordings-folder.ts";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { RecordingWriter } from "../../src/recording/write/recording-writer.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { collect, newPath } from "./recordings.ts";

test("what is recorded before the clock of a computer without one is set has its times of 1970, and is listed with them", {
  timeout: TEST_MS,
}, async () => {
  const writer = new RecordingWriter({ path: await newPath(), clock: "wall" });
  const path = await writer.opened;
  const times = [5000, 5040, 5080];
  for (const [index, capturedAt] of times.entries()) {
    writer.add(storeFrame(picture(index), { run: "k3x9q2", index, capturedAt }).frame);
  }
  await writer.close();
  for (const file of [path, dirname(path)]) await utimes(file, 5, 5);
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
  await using film = await openRecording(path);
  assert.deepEqual(
    (await collect(film.frames())).map(({ capturedAt }) => capturedAt),
    times,
  );
  assert.equal(film.info.timeZero, 5000);
  const folder = new RecordingsFolder(dirname(path));
  await folder.open();
  const [listed] = folder.files.list;
  await folder.close();
  assert.equal(listed?.toJSON().started, "1970-01-01T00:00:05.000Z");
});

test("a name that is too long is refused with a sentence, and leaves no file", {
  timeout: TEST_MS,
}, async () => {
  const folder = dirname(await newPath());
  const writer = new RecordingWriter({ path: join(folder, `${"x".repeat(248)}.mkv`) });
  await assert.rejects(writer.opened, { message: /ENAMETOOLONG.* Choose a shorter name\.$/ });
  await assert.rejects(writer.ended);
  assert.deepEqual(await readdir(folder), []);
});
