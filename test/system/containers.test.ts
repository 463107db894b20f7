import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { packagePath } from "../../src/base/package-root.ts";
import { FolderLock } from "../../src/core/folder-lock.ts";
import { describeRecording } from "../../src/recording/files/describe.ts";
import { recordedElsewhere } from "../../src/recording/files/recording-files.ts";
import { TEST_MS } from "../limits.ts";
import { needsLong, needsRoot } from "../needs.ts";

const timeout = TEST_MS;
const ROOT = needsRoot("runs programs in containers");
const LONG = needsLong(ROOT);
/** Programs in a container have numbers of their own, and these are the same in each. */
const CONTAINER = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
/** Another computer has another name, and began at another time. */
const OTHER_COMPUTER = [
  ...["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "--uts", "--mount", "sh", "-c"],
  'hostname elsewhere && mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"',
];

const newFolder = () => mkdtemp(join(tmpdir(), "thingscope-containers-"));

async function otherComputer(): Promise<string[]> {
  const boot = join(await newFolder(), "boot_id");
  await writeFile(boot, "0a0a0a0a-1111-2222-3333-444444444444\n");
  return [...OTHER_COMPUTER, boot];
}

/** A program somewhere else; it ends with the test. */
function start(t: TestContext, place: readonly string[], ...args: string[]): ChildProcess {
  const [program = "", ...rest] = [...place, process.execPath, ...args];
  const child = spawn(program, rest, { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

/** Takes the lock of a folder somewhere else. @returns the program, and what it said: what it logged, and "taken" or why not. */
async function taken(t: TestContext, place: readonly string[], folder: string) {
  const script = `
    import { FolderLock } from ${JSON.stringify(packagePath("dist/src/core/folder-lock.js"))};
    const said = [];
    const log = { warn: (sentence) => said.push(sentence) };
    const lock = new FolderLock(${JSON.stringify(folder)});
    said.push(await lock.take(log).then(() => "taken", ({ message }) => message));
    console.log(said.join(" | "));
    setInterval(() => {}, 1000);`;
  const child = start(t, place, "--input-type=module", "-e", script);
  return { child, said: String(await once(child.stdout!, "data")).trim() };
}

async function killed(child: ChildProcess): Promise<void> {
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
}

test("a folder that a server in a container has is refused, and free as soon as that is killed", {
  timeout,
  ...ROOT,
}, async (t) => {
  const folder = await newFolder();
  const { child, said } = await taken(t, CONTAINER, folder);
  assert.equal(said, "taken");
  const lock = new FolderLock(folder);
  await assert.rejects(lock.take(), {
    code: "SETTINGS_IN_USE",
    message: /in use by another server, process \d+ of another container\. Stop/,
  });
  await killed(child);
  await lock.take();
  await lock.release();
});

test("of two containers that share a folder one has it, though neither sees the other", {
  timeout,
  ...ROOT,
}, async (t) => {
  const folder = await newFolder();
  assert.equal((await taken(t, CONTAINER, folder)).said, "taken");
  assert.match(
    (await taken(t, CONTAINER, folder)).said,
    /^Whether process \d+ of another container still has \S+ cannot be seen from here, .* 12 s to answer.* \| The settings in .* process \d+ of another container/,
  );
});

test("a folder that another computer has is refused with that one's name", {
  timeout,
  ...LONG,
}, async (t) => {
  const folder = await newFolder();
  assert.equal((await taken(t, await otherComputer(), folder)).said, "taken");
  await assert.rejects(new FolderLock(folder).take(), {
    message: /in use by another server, process \d+ on elsewhere\. Stop/,
  });
});

test("what another computer, or a container, left when it was killed is taken when nobody answers", {
  timeout,
  ...LONG,
}, async (t) => {
  const folder = await newFolder();
  await killed((await taken(t, await otherComputer(), folder)).child);
  assert.match((await taken(t, CONTAINER, folder)).said, /\| taken$/);
});

test("a recording is being written, whichever container its program runs in", {
  timeout,
  ...ROOT,
}, async (t) => {
  for (const place of [CONTAINER, await otherComputer()]) {
    const path = join(await newFolder(), "film.mkv");
    const program = packagePath("dist", "test", "recording", "recording-child.js");
    const child = start(t, place, program, path, "2000", "10000");
    child.stdout!.resume();
    await once(child.stdout!, "data");
    let { head } = await describeRecording(path);
    for (; !head; head = (await describeRecording(path)).head) await sleep(20);
    assert.ok(recordedElsewhere(path, head) !== undefined, JSON.stringify(head));
    child.kill("SIGKILL");
  }
});
