import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { logTo } from "../../src/base/log.ts";
import { identityOf } from "../../src/base/process-identity.ts";
import { identityAnywhere } from "../../src/base/process-place.ts";
import { endLeftovers } from "../../src/processes/leftovers.ts";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;
const NOTING = new URL("noting-worker.js", import.meta.url);
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

test("a note is whole at every moment, has what runs, and is gone with the last program", {
  timeout,
}, async (t) => {
  const folder = temporaryFolder(t);
  const worker = new Worker(NOTING, { env: { ...process.env, TMPDIR: folder } });
  const ended = once(worker, "exit");
  const own = join(folder, `thingscope-${process.getuid?.()}-running`);
  let [looks, isOver] = [0, false];
  void ended.then(() => {
    isOver = true;
  });
  while (!isOver) {
    for (const name of existsSync(own) ? readdirSync(own) : []) {
      if (name.endsWith(".part")) continue;
      const text = readIfThere(join(own, name));
      if (text !== undefined) assert.ok(JSON.parse(text).children.length > 0, `look ${looks++}`);
    }
    await new Promise(setImmediate);
  }
  assert.ok(looks > 0);
  assert.deepEqual(readdirSync(own), []);
});

test("notes of another container stay while they may be true, and no program is ended for their numbers", {
  timeout,
}, async (t) => {
  const folder = temporaryFolder(t);
  const own = join(folder, `thingscope-${process.getuid?.()}-running`);
  mkdirSync(own, { mode: 0o700 });
  const bystander = spawn("sleep", ["300"], { detached: true, stdio: "ignore" });
  t.after(() => bystander.kill("SIGKILL"));
  await once(bystander, "spawn");
  const children = [{ identity: identityOf(bystander.pid!), program: "sleep" }];
  const [host, boot, space] = ["lab", "0a0a0a0a", "4026539999"];
  const here = /@(\S+) (\S+)\.(\S+)$/.exec(identityAnywhere)!;
  const note = (name: string, place: string) =>
    writeFileSync(join(own, name), JSON.stringify({ server: `1 77@${place}`, children }));
  note("elsewhere", `${host} ${boot}.${space}`);
  note("container", `${here[1]} ${here[2]}.${space}`); // the same computer and start of it
  note("old", `${host} ${boot}.${space}`);
  utimesSync(join(own, "old"), new Date(0), new Date(0));
  writeFileSync(join(own, "torn"), "{");
  endLeftovers(logTo(() => assert.fail("nothing was left running")));
  await sleep(50);
  assert.ok(runs(bystander.pid!));
  const isOutermost = here[3] === "4026531836"; // from there it can be seen that no such process runs
  assert.deepEqual(readdirSync(own), isOutermost ? ["elsewhere"] : ["container", "elsewhere"]);
});

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // gone since
  }
}
