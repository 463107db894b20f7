import assert from "node:assert/strict";
import { mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FileCollection } from "thingscope";
import type { StoredFileOptions } from "../../src/files/stored-file.ts";

function options(path: string, more: Partial<StoredFileOptions> = {}): StoredFileOptions {
  return { path, mediaType: "text/plain", size: 1, createdAt: 0, ...more };
}

test("a file's id is the same in every collection, and says nothing of where it lies", () => {
  const [first, second] = [new FileCollection(), new FileCollection()];
  const { id } = first.put(options("/data/secret/film.mkv"));
  assert.equal(second.put(options("/data/secret/film.mkv")).id, id);
  assert.notEqual(first.put(options("/data/other/film.mkv")).id, id);
  assert.match(id, /^[\w-]{16}$/);
  assert.throws(() => first.get("../../etc/passwd"), { code: "NOT_FOUND" });
  assert.throws(() => first.get(id).part("constructor"), { code: "NOT_FOUND" });
});

test("the newest comes first, and many changes are told once", async () => {
  let told = 0;
  await new Promise<void>((resolve) => {
    const files = new FileCollection(() => {
      told += 1;
      resolve();
    });
    for (let n = 0; n < 1000; n++) files.put(options(`/data/${n}`, { createdAt: n }));
    assert.equal(files.list[0]?.name, "999");
  });
  assert.equal(told, 1);
});

test("deleting removes the file, unless it is being written", async () => {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-files-"));
  const path = join(folder, "note.txt");
  await writeFile(path, "x");
  const files = new FileCollection();
  const { id } = files.put(options(path, { isGrowing: true }));
  await assert.rejects(files.delete(id), { code: "LOCK_BUSY", message: /note\.txt/ });
  files.put(options(path));
  await files.delete(id);
  assert.deepEqual([files.list, await readdir(folder)], [[], []]);
  await assert.rejects(files.delete(id), { code: "NOT_FOUND" });
});
