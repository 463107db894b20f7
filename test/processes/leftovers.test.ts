import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { logTo } from "../../src/base/log.ts";
import { endLeftovers } from "../../src/processes/leftovers.ts";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;
const SERVER = fileURLToPath(new URL("guarded-child.js", import.meta.url));

/** Whether a process runs; one that is dead and not yet waited for does not. */
function runs(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^\) Z/.test(stat.slice(stat.lastIndexOf(")")));
  } catch {
    return false;
  }
}

async function server(t: TestContext, folder: string, ...args: string[]) {
  const env = { ...process.env, TMPDIR: folder };
  const process_: ChildProcess = spawn(process.execPath, [SERVER, ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => process_.kill("SIGKILL"));
  const [line] = await once(process_.stdout!, "data");
  const { pid, other } = JSON.parse(String(line)) as { pid: number; other: number };
  const kill = async () => {
    process_.kill("SIGKILL");
    await once(process_, "exit");
  };
  return { pid, other, kill };
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "leftovers-"));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  t.after(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

test("a program that gives nothing, and what it started, end with a server that is killed", {
  timeout,
}, async (t) => {
  const { pid, other, kill } = await server(t, temporaryFolder(t));
  assert.ok(runs(pid) && runs(other));
  await kill();
  while (runs(pid) || runs(other)) await sleep(20);
});

test("the next start names and ends what a server left that was killed with its guard, and only that", {
  timeout,
}, async (t) => {
  const folder = temporaryFolder(t);
  const [dead, alive] = await Promise.all([
    server(t, folder, "unguarded"),
    server(t, folder, "unguarded"),
  ]);
  const ours = () => readdirSync(folder).find((name) => name.endsWith("-running"));
  const notes = () => readdirSync(join(folder, ours()!)).length;
  while (notes() < 2) await sleep(20);
  await dead.kill();
  await sleep(300);
  assert.ok(runs(dead.pid) && runs(dead.other), "nothing ended it yet");
  const warned: string[] = [];
  endLeftovers(logTo((_, message) => warned.push(message)));
  while (runs(dead.pid) || runs(dead.other)) await sleep(20);
  assert.ok(runs(alive.pid) && runs(alive.other));
  assert.equal(warned.length, 1);
  assert.match(
    warned[0]!,
    new RegExp(`node \\(process ${dead.pid}\\) was left running by a Thingscope server`),
  );
  assert.equal(notes(), 1);
  await alive.kill();
  endLeftovers(logTo(() => {}));
  while (runs(alive.pid)) await sleep(20);
  assert.equal(notes(), 0);
});
