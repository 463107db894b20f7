// By whatever name: a file that this process writes is not repaired.
import assert from "node:assert/strict";
import { link, symlink } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { test } from "node:test";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { RecordingWriter } from "../../src/recording/write/recording-writer.ts";
import { TEST_MS } from "../limits.ts";
import { frame, newPath } from "./recordings.ts";

test("a file that this process records to is not repaired, by whatever name it is called", {
  timeout: TEST_MS,
}, async () => {
  const writer = new RecordingWriter({ path: await newPath() });
  const path = await writer.opened;
  writer.add(frame(0, 0));
  await writer.begun;
  const elsewhere = await newPath("linked.mkv");
  await symlink(path, elsewhere);
  const folder = await newPath("folder");
  await symlink(dirname(path), folder);
  const hard = join(dirname(path), "FILM.MKV"); // as a disk has it that does not tell letters apart
  await link(path, hard);
  const names = [
    path,
    relative(process.cwd(), path),
    elsewhere,
    join(folder, basename(path)),
    join(dirname(path), "..", basename(dirname(path)), basename(path)),
    hard,
  ];
  for (const name of names) {
    await assert.rejects(
      repairRecording(name),
      { code: "LOCK_BUSY", message: /is still being recorded/ },
      name,
    );
  }
  writer.add(frame(1, 40));
  assert.equal((await writer.close()).written, 2);
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
});

test("a repair of a file that a link leads to is one of the file", {
  timeout: TEST_MS,
}, async () => {
  const writer = new RecordingWriter({ path: await newPath() });
  const path = await writer.opened;
  writer.add(frame(0, 0));
  await writer.close();
  const elsewhere = await newPath("linked.mkv");
  await symlink(path, elsewhere);
  assert.match((await repairRecording(elsewhere)).sentence, /nothing to repair/);
  const { ok, sentence } = await verifyRecording(elsewhere);
  assert.ok(ok, sentence);
  await using film = await openRecording(elsewhere);
  for await (const { run } of film.frames()) assert.equal(run, frame(0, 0).run);
});
