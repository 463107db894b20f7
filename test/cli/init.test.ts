// `thingscope init`: a project in an empty folder, and nothing of anybody's is overwritten.
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { placeOf } from "../../src/cli/package-place.ts";
import { TEST_MS } from "../limits.ts";
import { folderWith, runCli } from "./run-cli.ts";

const timeout = TEST_MS;
const FILES = [
  ".gitignore",
  "lamp.test.ts",
  "lamp.ts",
  "package.json",
  "thingscope.yaml",
  "tsconfig.json",
];

test("init writes a project into a folder that it makes, and says what comes next", {
  timeout,
}, async () => {
  const where = await folderWith({});
  const { code, stdout, stderr } = await runCli(where, "init", "My Lab");
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual((await readdir(join(where, "My Lab"))).sort(), FILES);
  assert.match(stdout, /^wrote package\.json\n[\s\S]*cd 'My Lab' && npm install\n {2}npm test /);
  const written = JSON.parse(await readFile(join(where, "My Lab", "package.json"), "utf8"));
  assert.deepEqual(
    [written.name, written.dependencies.thingscope],
    ["my-lab", `file:${packagePath()}`],
  );
});

test("init keeps every file that exists, and says so", { timeout }, async () => {
  const mine = { "package.json": '{"name":"mine"}', "lamp.ts": "// mine" };
  const where = await folderWith(mine);
  const { code, stdout } = await runCli(where, "init");
  assert.equal(code, 0);
  for (const [name, text] of Object.entries(mine)) {
    assert.equal(await readFile(join(where, name), "utf8"), text);
    assert.ok(stdout.includes(`kept ${name}, which exists already\n`), stdout);
  }
  assert.ok(stdout.includes("wrote tsconfig.json\n"));
  // Its package.json has neither the packages nor the scripts.
  assert.match(stdout, /\n {2}npm install .*thingscope@file:\S+ '?typebox@/);
  assert.match(stdout, /\n {2}npx tsx --test lamp\.test\.ts /);
  assert.doesNotMatch(stdout, /npm (test|start|run)/);
});

test("init into what is no folder is refused with a sentence", { timeout }, async () => {
  const where = await folderWith({});
  await writeFile(join(where, "file"), "");
  await mkdir(join(where, "lab", "lamp.ts"), { recursive: true });
  const { code, stderr } = await runCli(where, "init", "file");
  assert.notEqual(code, 0);
  assert.match(stderr, /A project could not be written into .*file: .* Choose another folder/);
  const { stdout } = await runCli(where, "init", "lab");
  assert.match(stdout, /kept lamp\.ts/);
});

test("a project depends on what npm installed the package from: a file, a repository, a registry", async () => {
  const installed = async (resolved: string) => {
    const folder = await folderWith({});
    const modules = join(folder, "lab", "node_modules");
    await mkdir(modules, { recursive: true });
    const packages = { "node_modules/thingscope": { resolved } };
    await writeFile(join(modules, ".package-lock.json"), JSON.stringify({ packages }));
    const place = await placeOf(join(modules, "thingscope"), "1.2.3");
    return place.replace(folder, "FOLDER");
  };
  assert.equal(await installed("file:../thingscope-1.2.3.tgz"), "file:FOLDER/thingscope-1.2.3.tgz");
  assert.equal(await installed("file:///opt/thingscope"), "file:/opt/thingscope");
  const repository = "git+https://example.org/thingscope.git#abc";
  assert.equal(await installed(repository), repository);
  const registry = "https://registry.example.org/thingscope/-/thingscope-1.2.3.tgz";
  assert.equal(await installed(registry), "^1.2.3");
  assert.equal(await placeOf("/usr/lib/thingscope", "1.2.3"), "file:/usr/lib/thingscope");
});
