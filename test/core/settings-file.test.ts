import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { silentLog } from "../../src/base/log.ts";
import { packagePath } from "../../src/base/package-root.ts";
import { SettingsFile } from "../../src/core/settings-file.ts";
import { TEST_MS } from "../limits.ts";

const folder = () => mkdtemp(join(tmpdir(), "thingscope-settings-"));

test("saves asked for while one runs become one, and the last one wins", async () => {
  const path = join(await folder(), "a", "b.json");
  const file = new SettingsFile(path, silentLog);
  await Promise.all(Array.from({ length: 50 }, (_, n) => file.save({ n })));
  assert.deepEqual(JSON.parse(await readFile(path, "utf8")), { n: 49 });
  assert.deepEqual(JSON.parse(await readFile(`${path}.prev`, "utf8")), { n: 0 });
});

test("the previous version is kept", async () => {
  const path = join(await folder(), "s.json");
  const file = new SettingsFile(path, silentLog);
  await file.save({ a: 1 });
  await file.save({ a: 2 });
  assert.deepEqual(JSON.parse(await readFile(`${path}.prev`, "utf8")), { a: 1 });
});

const BROKEN = {
  empty: "",
  garbage: "\u0000\u0001",
  cut: '{"a": 1',
  list: "[1]",
  text: '"a"',
  number: "7",
  null: "null",
  nan: '{"a": NaN}',
};
for (const [name, content] of Object.entries(BROKEN)) {
  test(`a settings file that is ${name} is set aside whole, with a warning that names both files`, async () => {
    const where = await folder();
    const path = join(where, "s.json");
    await writeFile(path, content);
    const said: string[] = [];
    const file = new SettingsFile(path, { ...silentLog, warn: (message) => said.push(message) });
    assert.deepEqual(await file.load(), {});
    await file.save({ a: 2 });
    const aside = (await readdir(where)).find((entry) => entry.includes(".broken-"))!;
    assert.equal(await readFile(join(where, aside), "utf8"), content);
    assert.ok(said[0]?.includes(path) && said[0].includes(aside), said[0]);
  });
}

test("a process killed while it saves leaves the old settings or the new, never a mixture", {
  timeout: TEST_MS,
}, async () => {
  const where = await folder();
  const path = join(where, "s.json");
  const script = `
    import { SettingsFile } from ${JSON.stringify(packagePath("dist/src/core/settings-file.js"))};
    const file = new SettingsFile(${JSON.stringify(path)}, console);
    for (let n = 0; ; n++) { await file.save({ n, filler: String(n).repeat(20000) }); if (n === 0) console.log("saving"); }`;
  const rounds = process.env.THINGSCOPE_LONG ? 2000 : 15;
  for (let round = 0; round < rounds; round++) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    await new Promise((resolve) => setTimeout(resolve, (round * 5) % 37));
    child.kill("SIGKILL");
    await once(child, "exit");
    const { n, filler } = JSON.parse(await readFile(path, "utf8"));
    assert.equal(filler, String(n).repeat(20000));
  }
  await rm(where, { recursive: true });
});

test("a folder that cannot be written refuses the save and keeps what is there", async () => {
  const where = await folder();
  const blocked = join(where, "file");
  await writeFile(blocked, "");
  await assert.rejects(new SettingsFile(join(blocked, "s.json"), silentLog).save({ a: 1 }), {
    code: "NOT_SAVED",
    message: /could not be saved in .*s\.json: .*is a file, not a folder.* --settings\.$/,
  });
});

test("a full disk refuses the save with the way out, and the old settings stay", async () => {
  const path = join(await folder(), "s.json");
  const file = new SettingsFile(path, silentLog);
  await file.save({ a: 1 });
  await symlink("/dev/full", `${path}.new`); // where every write finds no space
  await assert.rejects(file.save({ a: 2 }), { code: "NOT_SAVED", message: /ENOSPC.*Free space/ });
  assert.deepEqual(await file.load(), { a: 1 });
  await rm(`${path}.new`);
  await file.save({ a: 3 });
  assert.deepEqual(await file.load(), { a: 3 });
});

test("settings that cannot be read at all are set aside", async () => {
  const where = await folder();
  await mkdir(join(where, "s.json"));
  assert.deepEqual(await new SettingsFile(join(where, "s.json"), silentLog).load(), {});
  assert.deepEqual(
    (await readdir(where)).map((name) => name.slice(0, 14)),
    ["s.json.broken-"],
  );
});

test("a file with a value that was refused is kept beside the one that is saved next", async () => {
  const path = join(await folder(), "s.json");
  const file = new SettingsFile(path, silentLog);
  await file.save({ a: "of a newer version" });
  const copy = file.copyBeforeSave();
  await file.save({ a: 1 });
  await file.save({ a: 2 });
  assert.deepEqual(JSON.parse(await readFile(copy, "utf8")), { a: "of a newer version" });
});

test("a file that cannot be read for lack of descriptors is left as it is, and read once there are some", {
  timeout: TEST_MS,
}, async () => {
  const where = await folder();
  const path = join(where, "s.json");
  await writeFile(path, '{"a": 1}');
  const script = `
    import { closeSync, openSync } from "node:fs";
    import { SettingsFile } from ${JSON.stringify(packagePath("dist/src/core/settings-file.js"))};
    const warned = [];
    const file = new SettingsFile(${JSON.stringify(path)}, { warn: (said) => warned.push(said) });
    const before = await file.load();
    const taken = [];
    for (;;) try { taken.push(openSync("/dev/null")); } catch { break; }
    const refused = await file.load().catch(({ code, message }) => ({ code, message }));
    taken.forEach((fd) => closeSync(fd));
    await file.save({ ...(await file.load()), b: 2 });
    console.log(JSON.stringify({ before, refused, warned }));`;
  const args = ["--nofile=64:64", process.execPath, "--input-type=module", "-e", script];
  const child = spawn("prlimit", args, { stdio: ["ignore", "pipe", "inherit"] });
  const { before, refused, warned } = JSON.parse(await text(child.stdout));
  assert.deepEqual(before, { a: 1 });
  assert.equal(refused.code, "NOT_READY");
  assert.match(refused.message, /s\.json could not be read, and is left unchanged: .*ulimit -n/);
  assert.deepEqual(warned, []);
  assert.deepEqual(JSON.parse(await readFile(path, "utf8")), { a: 1, b: 2 });
  assert.deepEqual((await readdir(where)).sort(), ["s.json", "s.json.prev"]);
});
