// The disk that test/system/power-cuts.test.ts believes in.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { newPath } from "../recording/recordings.ts";
import type { DiskCall } from "./disk-log.ts";
import { Disk, type Fate, randomOf } from "./power-cut.ts";

const time = 0;
const path = "/disk/film";
const FILE_IS_MADE: DiskCall = { kind: "create", path, time, file: 7 };
const FOLDER_IS_SYNCED = sync("/disk", 1);
const FILE_IS_SYNCED = sync(path, 7);

function sync(of: string, file: number): DiskCall[] {
  return [
    { kind: "sync begins", path: of, time, file },
    { kind: "sync ends", path: of, time, file },
  ];
}

function write(at: number, text: string): DiskCall {
  return { kind: "write", path, time, file: 7, at, bytes: Buffer.from(text) };
}

/** What is in each file after a power cut. */
async function after(calls: readonly DiskCall[], fate: Fate, seed = 1) {
  const folder = dirname(await newPath());
  await new Disk(calls).restore("/disk", folder, fate, randomOf(seed));
  const names = (await readdir(folder)).sort();
  const texts = names.map((name) => readFile(join(folder, name), "latin1"));
  return Object.fromEntries((await Promise.all(texts)).map((text, n) => [names[n]!, text]));
}

test("what a sync has confirmed is there, and nothing else has to be", async () => {
  const calls = [
    FILE_IS_MADE,
    write(0, "old"),
    ...FOLDER_IS_SYNCED,
    ...FILE_IS_SYNCED,
    write(3, "new"),
  ];
  assert.deepEqual(await after(calls, "lost"), { film: "old" });
  assert.deepEqual(await after(calls, "kept"), { film: "oldnew" });
});

test("a sync of a file does not save its name, and one that has not ended saves nothing", async () => {
  assert.deepEqual(await after([FILE_IS_MADE, write(0, "a"), ...FILE_IS_SYNCED], "lost"), {});
  const begun = [FILE_IS_MADE, ...FOLDER_IS_SYNCED, write(0, "a"), FILE_IS_SYNCED[0]!];
  assert.deepEqual(await after(begun, "lost"), { film: "" });
});

test("a removal or a new name may not have come to pass", async () => {
  const named = [FILE_IS_MADE, write(0, "a"), ...FOLDER_IS_SYNCED, ...FILE_IS_SYNCED];
  const renamed: DiskCall = { kind: "rename", path, time, to: "/disk/film2" };
  assert.deepEqual(await after([...named, { kind: "unlink", path, time }], "lost"), { film: "a" });
  assert.deepEqual(await after([...named, renamed], "lost"), { film: "a" });
  assert.deepEqual(await after([...named, renamed], "kept"), { film2: "a" });
});

test("a second name may not be there, nor the first one be gone", async () => {
  const named = [FILE_IS_MADE, write(0, "a"), ...FOLDER_IS_SYNCED, ...FILE_IS_SYNCED];
  const linked: DiskCall = { kind: "link", path, time, to: "/disk/film2" };
  const unlinked: DiskCall = { kind: "unlink", path, time };
  assert.deepEqual(await after([...named, linked], "kept"), { film: "a", film2: "a" });
  assert.deepEqual(await after([...named, linked, unlinked], "lost"), { film: "a" });
  assert.deepEqual(await after([...named, linked, unlinked], "kept"), { film2: "a" });
});

test("sectors may be there or not, each as a whole", async () => {
  const [old, young] = ["o".repeat(512), "n".repeat(512)];
  const safe = [FILE_IS_MADE, write(0, old.repeat(4)), ...FOLDER_IS_SYNCED, ...FILE_IS_SYNCED];
  const found = new Set<string>();
  for (let seed = 1; seed <= 50; seed++) {
    const { film = "" } = await after([...safe, write(0, young.repeat(4))], "some sectors", seed);
    assert.match(film, /^((o{512})|(n{512})){4}$/);
    found.add(film);
  }
  assert.ok(found.size > 5, `only ${found.size} of 16 mixtures`);
});
