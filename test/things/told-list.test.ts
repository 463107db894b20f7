import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type FileChanges, FileCollection } from "thingscope";
import { ToldList } from "../../things/recorder/told-list.ts";
import { TEST_MS } from "../limits.ts";
import { folderFor, recorderFor } from "./recorder-server.ts";

/** What is told of a list of so many files. */
function listOf(count: number) {
  const told = { all: 0, changes: [] as string[][] };
  const list = new ToldList({
    count: () => count,
    tellAll: () => {
      told.all += 1;
    },
    tellChanges: ({ changed, removed }) =>
      told.changes.push([...changed.map(({ name }) => name), ...removed]),
  });
  return { told, list };
}

const files = new FileCollection();
function changesOf(name: string, isGrowing = false): FileChanges {
  const options = { mediaType: "video/x-matroska", size: 1, createdAt: 0, isGrowing };
  return { changed: [files.put({ path: `/r/${name}`, ...options })], removed: [] };
}

test("each change of a long list is told at once, and the list at its pace; what only grows is not told", () => {
  const { told, list } = listOf(1_000_000);
  list.changed(changesOf("a.mkv", true));
  assert.deepEqual(told, { all: 1, changes: [["a.mkv"]] }, "nothing was told for a while");
  for (let n = 0; n < 50; n++) list.changed(changesOf("a.mkv", true));
  assert.equal(told.changes.length, 1, "it grows");
  list.changed(changesOf("a.mkv"));
  list.changed({ changed: [], removed: ["b"] });
  const many = Array.from({ length: 101 }, (_, n) => changesOf(`${n}.mkv`).changed[0]!);
  list.changed({ changed: many, removed: [] });
  assert.deepEqual(told, { all: 1, changes: [["a.mkv"], ["a.mkv"], ["b"]] });
  list.close();
});

test("a short list is told at each change, as what grows is", () => {
  const { told, list } = listOf(0);
  for (let n = 0; n < 5; n++) list.changed(changesOf("c.mkv", true));
  assert.equal(told.all, 5);
  list.close();
});

test("the list is told in the end, though it was told just before", async () => {
  const { promise, resolve } = promised();
  let all = 0;
  const list = new ToldList({
    count: () => 3,
    tellChanges: () => {},
    tellAll: () => {
      all += 1;
      if (all === 2) resolve();
    },
  });
  list.changed(changesOf("d.mkv"));
  list.changed(changesOf("e.mkv"));
  assert.equal(all, 1);
  await promise;
  list.close();
});

test("a Recorder tells which recordings have come and gone", { timeout: TEST_MS }, async (t) => {
  const folder = await folderFor(t);
  const { recorder } = await recorderFor(t, { folder });
  const told = promised<FileChanges>();
  const gone = promised<FileChanges>();
  recorder.recordings_changed.on((changes) =>
    changes.removed.length > 0 ? gone.resolve(changes) : told.resolve(changes),
  );
  await writeFile(join(folder, "still.jpg"), "x");
  const [file] = (await told.promise).changed;
  assert.equal(file?.name, "still.jpg");
  await recorder.files.delete(file!.id);
  assert.deepEqual(await gone.promise, { changed: [], removed: [file!.id] });
});

function promised<T = void>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
