// FAT, and whoever copies from it, writes names in capitals.
import assert from "node:assert/strict";
import { copyFile, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { removeWholeRecording } from "../../src/recording/files/remove-recording.ts";
import { RecordingsFolder } from "../../src/recording/folder/recordings-folder.ts";
import { ledgerAsJson } from "../../src/recording/ledger/ledger-tables.ts";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { TEST_MS } from "../limits.ts";
import { damage, originals } from "./damage.ts";
import { collect, newPath } from "./recordings.ts";

const timeout = TEST_MS;
const { closed } = await originals();

/** The recording under these names, in a folder of its own. */
async function named(film: string, ledger: string): Promise<string> {
  const path = join(dirname(await newPath()), film);
  await writeFile(path, closed.bytes);
  await writeFile(join(dirname(path), ledger), closed.ledger);
  return path;
}

const NAMES: readonly [string, string][] = [
  ["FILM.MKV", "FILM.LEDGER.JSONL"],
  ["FILM.MKV", "film.ledger.jsonl"],
  ["Film.Mkv", "Film.ledger.jsonl"],
  ["film.mkv", "Film.Ledger.Jsonl"],
];

for (const [film, ledger] of NAMES) {
  test(`a recording that is called ${film}, with ${ledger}, is read, verified, repaired, listed and deleted as any other`, {
    timeout,
  }, async () => {
    const path = await named(film, ledger);
    const { ok, sentence } = await verifyRecording(path);
    assert.ok(ok, sentence);
    await using recording = await openRecording(path);
    assert.equal((await collect(recording.frames())).at(-1)?.run, "k3x9q2");
    assert.match(Buffer.concat(await collect(ledgerAsJson(path))).toString(), /"ended":"stopped"/);
    await damage(path, closed.frames[12]!.offset + 700, { flip: 3 });
    assert.match((await repairRecording(path)).sentence, /59 frames; 1 listed frame was lost/);
    assert.deepEqual((await readdir(dirname(path))).sort(), [film, ledger].sort());
    const folder = new RecordingsFolder(dirname(path));
    await folder.open();
    const [listed] = folder.files.list;
    assert.equal(listed?.name, film);
    assert.equal(listed?.mediaType, "video/x-matroska");
    assert.equal(listed?.toJSON().frames, 59);
    assert.deepEqual(Object.keys(listed?.toJSON().parts ?? {}).length, 4);
    await folder.files.delete(listed!.id);
    await folder.close();
    assert.deepEqual(await readdir(dirname(path)), []);
  });
}

test("an MP4, a WebM and a still in capitals are listed, and go with their recording", {
  timeout,
}, async () => {
  const path = await named("FILM.MKV", "FILM.ledger.jsonl");
  for (const name of ["FILM.Mp4", "FILM.WEBM", "STILL.JPG"]) {
    await copyFile(path, join(dirname(path), name));
  }
  const folder = new RecordingsFolder(dirname(path));
  await folder.open();
  const types = Object.fromEntries(folder.files.list.map((one) => [one.name, one.mediaType]));
  assert.deepEqual(types, {
    "FILM.MKV": "video/x-matroska",
    "FILM.Mp4": "video/mp4",
    "FILM.WEBM": "video/webm",
    "STILL.JPG": "image/jpeg",
  });
  await folder.close();
  await removeWholeRecording(path);
  assert.deepEqual(await readdir(dirname(path)), ["STILL.JPG"]);
});

test("two recordings whose names differ in capitals alone have a ledger each", {
  timeout,
}, async () => {
  const path = await named("film.mkv", "film.ledger.jsonl");
  const other = join(dirname(path), "FILM.MKV");
  await copyFile(path, other);
  assert.match((await verifyRecording(other)).sentence, /no ledger/);
  await removeWholeRecording(other);
  assert.ok((await verifyRecording(path)).ok);
  assert.deepEqual((await readdir(dirname(path))).sort(), ["film.ledger.jsonl", basename(path)]);
  assert.equal(await readFile(join(dirname(path), "film.ledger.jsonl"), "utf8"), closed.ledger);
  await rename(path, other); // the ledger is the other's now
  await new Promise((resolve) => setTimeout(resolve, 1100)); // names of a folder serve for a second
  assert.ok((await verifyRecording(other)).ok);
});
