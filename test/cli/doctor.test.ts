import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { createServer } from "node:net";
import { test } from "node:test";
import { portCheck, settingsCheck } from "../../src/cli/machine-checks.ts";
import { TEST_MS } from "../limits.ts";
import { folderWith, runCli } from "./run-cli.ts";

interface Report {
  name: string;
  level: string;
  message: string;
  fix?: string;
}

test("doctor tells what it looked at, as lines and as JSON", { timeout: TEST_MS }, async () => {
  const folder = await folderWith({});
  const { code, stdout } = await runCli(folder, "doctor", "--json", "--port", "0");
  const reports: Report[] = JSON.parse(stdout);
  const names = reports.map(({ name }) => name);
  for (const name of [
    "node",
    "sharp",
    "native",
    "gstreamer",
    "ffmpeg",
    "thorvision",
    "port",
    "settings",
  ]) {
    assert.ok(names.includes(name), `${name} is not among ${names}`);
  }
  assert.equal(reports.find(({ name }) => name === "sharp")?.level, "ok");
  for (const { level, fix, message } of reports) {
    assert.ok(level === "ok" || fix, `'${message}' says nothing of what mends it`);
  }
  const hasFailed = reports.some(({ level }) => level === "fail");
  assert.equal(code, hasFailed ? 1 : 0);
  assert.match((await runCli(folder, "doctor", "--port", "0")).stdout, /^OK {4}node +Node \d+/m);
});

test("a port in use is a warning that names another", { timeout: TEST_MS }, async (t) => {
  const server = createServer();
  t.after(() => server.close());
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" ? (address?.port ?? 0) : 0);
    });
  });
  const { level, fix } = await portCheck(port).run();
  assert.equal(level, "warn");
  assert.match(fix ?? "", new RegExp(`thingscope serve --port ${port + 1}$`));
});

test("a settings folder that cannot be written fails", { timeout: TEST_MS }, async () => {
  const folder = await folderWith({ "file.txt": "not a folder" });
  assert.equal((await settingsCheck(`${folder}/new/settings`).run()).level, "ok");
  await chmod(`${folder}/file.txt`, 0o400);
  const { level, message } = await settingsCheck(`${folder}/file.txt/settings`).run();
  assert.equal(level, "fail", message);
});
