import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { logTo, silentLog } from "../../src/base/log.ts";
import { settingsChoice } from "../../src/cli/settings-choice.ts";
import { answer } from "../../src/core/lock-file.ts";
import { TEST_MS } from "../limits.ts";
import { folderFor } from "../things/recorder-server.ts";
import { folderWith, launchCli, runCli, serveCli } from "./run-cli.ts";

const timeout = TEST_MS;
const CAMERA = "things: {camera: thingscope/things:TestCamera}\n";

test("two servers that are started in one folder keep their settings apart, and say where", {
  timeout,
}, async (t) => {
  const folder = await folderWith({ "one.yaml": CAMERA, "other.yaml": CAMERA });
  const first = await serveCli(t, folder, "one.yaml", "--port", "0");
  assert.ok(existsSync(join(folder, "settings", ".lock")));
  const second = await serveCli(t, folder, "other.yaml", "--port", "0");
  const own = join(folder, "settings-other");
  assert.ok(existsSync(join(own, ".lock")));
  const said = second.lines
    .map(({ msg }) => msg)
    .find((msg) => msg?.includes("keeps its settings"));
  assert.equal(
    said,
    `This server keeps its settings in ${own}, since another server uses ${join(folder, "settings")}. --settings FOLDER names another.`,
  );
  assert.notEqual(first.url, second.url);
  const third = await launchCli(t, folder, "http://127.0.0.1:1/");
  assert.ok(third.lines.some(({ msg }) => msg.includes("since another server uses")));
});

test("a server that had a folder of its own has it again, also when it is alone", {
  timeout,
}, async (t) => {
  const folder = await folderFor(t);
  const usual = join(folder, "settings");
  const mayStart = async () => {};
  assert.deepEqual(await settingsChoice(usual, 5001, mayStart, silentLog), { folder: usual });
  await mkdir(`${usual}-5001`);
  const { folder: chosen, remark } = await settingsChoice(usual, 5001, mayStart, silentLog);
  assert.equal(chosen, `${usual}-5001`);
  assert.match(remark ?? "", /as before, since another server has used the usual one/);
});

test("a server that asks whether another one still has its settings says so before it waits", {
  timeout,
}, async (t) => {
  const usual = join(await folderFor(t), "settings");
  await mkdir(usual);
  const lock = join(usual, ".lock");
  const holder = "4711 8123@elsewhere\n3e67e8bf-ba65-42af-a307-42a4461ce1db\n.";
  await writeFile(lock, holder);
  const lines: string[] = [];
  const log = logTo((_, line) => {
    lines.push(line);
    void answer(lock, holder); // as that server does
  });
  const { folder } = await settingsChoice(usual, 5001, async () => {}, log);
  assert.equal(folder, `${usual}-5001`);
  assert.match(
    lines.join(),
    /^Whether process 4711 on elsewhere still has \S+settings cannot be seen/,
  );
});

test("a server that finds its port in use ends with 2, and leaves no folder that the next one would use", {
  timeout,
}, async (t) => {
  const folder = await folderWith({ "one.yaml": CAMERA });
  const { url } = await serveCli(t, folder, "one.yaml");
  const { port } = new URL(url);
  for (const args of [["serve"], ["launch", "http://127.0.0.1:1/"]]) {
    const { code, stderr } = await runCli(folder, ...args, "--port", port);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, /^Port \d+ of 127\.0\.0\.1 is in use by another program\./);
  }
  assert.deepEqual((await readdir(folder)).sort(), ["one.yaml", "settings"]);
  const alone = ["serve", "--settings", "alone", "--port", port];
  assert.equal((await runCli(folder, ...alone)).code, 2, "its watch for cameras has ended");
});
