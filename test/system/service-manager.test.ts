// As a service of systemd: what the unit allows, and what the server tells. The unit with a real systemd: test/distros/debian-package.test.ts.
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";
import { patience, TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const timeout = TEST_MS;
const run = promisify(execFile);
const MAIN = packagePath("dist", "src", "cli", "main.js");
const UNIT = packagePath("packaging", "debian", "thingscope.service");

/** A NOTIFY_SOCKET, which Node cannot open: each message becomes a line of JSON. */
const RECEIVER = `
import json, socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print(json.dumps("bound"), flush=True)
while True: print(json.dumps(receiver.recv(4096).decode()), flush=True)
`;

async function receiver(
  t: TestContext,
): Promise<{ path: string; messages: AsyncIterator<string> }> {
  const path = join(await temporaryFolder("notify-"), "socket");
  const child = spawn("python3", ["-c", RECEIVER, path], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const messages = createInterface(child.stdout)[Symbol.asyncIterator]();
  await messages.next();
  return { path, messages };
}

async function served(t: TestContext, env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const cwd = await temporaryFolder("service-");
  const child = spawn(process.execPath, [MAIN, "serve", "--simulated", "--port", "0"], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

test("systemd is told when the server serves and where, and then that its event loop runs", {
  timeout,
}, async (t) => {
  const { path, messages } = await receiver(t);
  const env = { ...process.env, NOTIFY_SOCKET: path, WATCHDOG_USEC: "300000" };
  const child = await served(t, env);
  child.stdout!.resume();
  const said: string[] = [];
  while (said.filter((words) => words === "WATCHDOG=1").length < 2) {
    const { value } = await messages.next();
    said.push(JSON.parse(value));
  }
  const ready = said.find((words) => words.startsWith("READY=1")) ?? said.join();
  const url = /^READY=1\nSTATUS=6 of 6 Things are open; serving at (http:\S+)$/.exec(ready)?.[1];
  assert.ok(url, ready);
  assert.equal((await fetch(`${url}health`, { signal: patience() })).status, 200);
  const ended = once(child, "exit", { signal: patience() });
  child.kill("SIGTERM");
  assert.deepEqual(await ended, [0, null]);
});

test("a server whose systemd-notify is missing serves, and says in one sentence what follows", {
  timeout,
}, async (t) => {
  const child = await served(t, { PATH: "/nowhere", NOTIFY_SOCKET: "/nowhere/notify" });
  for await (const line of createInterface(child.stdout!)) {
    if (!line.includes("systemd-notify")) continue;
    assert.match(
      JSON.parse(line).msg,
      /^systemd is not told how this server is, because systemd-notify failed: spawn systemd-notify ENOENT\. Install systemd, or set Type=exec and no WatchdogSec in the unit\.$/,
    );
    return;
  }
  assert.fail("The log does not say it.");
});

test("systemd accepts the unit and rates its exposure at no more than 3.0", {
  timeout,
}, async () => {
  const folder = await temporaryFolder("unit-");
  const unit = join(folder, "thingscope.service");
  // Where the package is not installed, its program is missing.
  const text = await readFile(UNIT, "utf8");
  await writeFile(unit, text.replaceAll("/usr/bin/thingscope", process.execPath));
  const { stderr } = await run("systemd-analyze", ["verify", "--man=no", unit]);
  assert.doesNotMatch(stderr, /thingscope/);
  await copyFile(UNIT, unit);
  const rated = await run("systemd-analyze", ["security", "--offline=yes", "--threshold=30", unit]);
  const exposure = /Overall exposure level for \S+: ([\d.]+)/.exec(rated.stdout)?.[1];
  assert.ok(Number(exposure) <= 3, rated.stdout);
});
