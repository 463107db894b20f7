import assert from "node:assert/strict";
import { mkdtemp, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeFolders, makeFoldersSync } from "../../src/base/make-folders.ts";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;

test("folders are made with those above them, and the first new one is told", async () => {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-make-folders-"));
  const deep = join(folder, "a", "b", "c");
  const made = await Promise.all([makeFolders(deep, 0o700), makeFolders(deep, 0o700)]);
  assert.ok(made.includes(join(folder, "a")));
  assert.equal((await stat(deep)).mode & 0o777, 0o700);
  assert.equal(await makeFolders(deep), undefined);
  makeFoldersSync(join(folder, "d", "e"));
  assert.ok((await stat(join(folder, "d", "e"))).isDirectory());
});

test("a place where nobody can make a folder is refused, and not tried for ever", {
  timeout,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-make-folders-"));
  await writeFile(join(folder, "file"), "");
  await symlink(join(folder, "gone"), join(folder, "link"));
  for (const path of ["/proc/thingscope/a", join(folder, "file", "a"), join(folder, "link", "a")]) {
    await assert.rejects(makeFolders(path), /ENOENT|ENOTDIR|is a file|EEXIST/, path);
    assert.throws(() => makeFoldersSync(path), /ENOENT|ENOTDIR|is a file|EEXIST/, path);
  }
});
