import assert from "node:assert/strict";
import { mkdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { folderKey, meetFolder } from "../../src/base/one-folder.ts";
import { temporaryFolder } from "../temporary-folder.ts";

test("a folder has one key, whatever path leads to it, and another has another", async () => {
  const root = await temporaryFolder("thingscope-one-");
  const films = join(root, "films");
  await mkdir(films);
  await mkdir(join(root, "others"));
  await symlink(films, join(root, "link"));
  await symlink("link", join(root, "link-to-link"));
  const ways = [films, `${films}/`, `${root}/films/../films`, `${root}/link`];
  ways.push(`${root}/link-to-link/`, `${root}/link/../films`);
  const keys = await Promise.all(ways.map(meetFolder));
  assert.equal(new Set(keys).size, 1, `${keys}`);
  for (const way of ways) assert.equal(folderKey(way), keys[0], way);
  assert.notEqual(await meetFolder(join(root, "others")), keys[0]);
  await rm(join(root, "link"));
  await symlink("others", join(root, "link"));
  assert.equal(await meetFolder(join(root, "link")), folderKey(join(root, "others")));
});

test("a folder that takes the place of another is another", async () => {
  const root = await temporaryFolder("thingscope-one-");
  const [before, after] = [join(root, "before"), join(root, "after")];
  await mkdir(before);
  const key = await meetFolder(before);
  await rename(before, after);
  assert.notEqual(await meetFolder(after), key, "that path leads to nothing any more");
  await assert.rejects(meetFolder(before), { code: "ENOENT" });
  await mkdir(before);
  assert.equal(await meetFolder(before), key);
  assert.notEqual(await meetFolder(after), key);
});
