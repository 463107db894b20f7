// Whoever starts a server, by npm, npx or at a terminal, leaves none behind; who put it in the background keeps it.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { identityOf, isRunning, pidOf } from "../../src/base/process-identity.ts";
import { folderWith, install, MAIN } from "../cli/run-cli.ts";
import { TEST_MS, WAIT_MS } from "../limits.ts";
import { SEED } from "../seed.ts";

const LIMIT_MS = WAIT_MS;

/** A folder with this package installed, whose start script is this command line. */
async function project(start: string): Promise<string> {
  const folder = await folderWith({
    "package.json": JSON.stringify({ name: "lab", private: true, scripts: { start } }),
  });
  await install(folder);
  const program = join(folder, "node_modules", ".bin", "thingscope");
  await mkdir(join(folder, "node_modules", ".bin"));
  await writeFile(program, `#!/usr/bin/env node\nimport(${JSON.stringify(MAIN)});\n`, {
    mode: 0o755,
  });
  return folder;
}

/** Waits for a server that keeps its settings in `folder`. @returns Who it is. */
async function serverIn(folder: string): Promise<string> {
  const end = performance.now() + LIMIT_MS;
  while (performance.now() < end) {
    const lock = await readFile(join(folder, "settings", ".lock"), "utf8").catch(() => "");
    const [identity = ""] = lock.split("@"); // what follows is the computer
    if (identity !== "" && isRunning(identity)) return identity;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`No server has begun in ${folder}: ${await readFile(saidIn(folder), "utf8")}`);
}

function saidIn(folder: string): string {
  return join(folder, "said");
}

function isStillThere({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

async function hasEnded(identity: string, withinMs = LIMIT_MS): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (performance.now() < end) {
    if (!isRunning(identity)) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

function started(t: TestContext, folder: string, ...command: string[]): ChildProcess {
  return start(t, folder, command, "ignore");
}

/** Runs a command at a terminal of its own, which closes when the child does. */
const AT_TERMINAL = `
import os, pty, select, sys
pid, terminal = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
try:
    while 0 not in select.select([0, terminal], [], [])[0]: os.write(1, os.read(terminal, 4096))
except OSError: sys.stdin.read()  # all that ran at it have ended
os.close(terminal)
`;

function atTerminal(t: TestContext, folder: string, ...command: string[]): ChildProcess {
  return start(t, folder, ["python3", "-c", AT_TERMINAL, ...command], "pipe");
}

/** Runs a command line, whose words go to a file, until the test ends. */
function start(
  t: TestContext,
  folder: string,
  [program = "", ...args]: readonly string[],
  stdin: "ignore" | "pipe",
): ChildProcess {
  const said = openSync(saidIn(folder), "w");
  const child = spawn(program, args, { cwd: folder, stdio: [stdin, said, said], detached: true });
  closeSync(said);
  t.after(() => isStillThere(child) && process.kill(-child.pid!, "SIGKILL"));
  return child;
}

const SERVE = "thingscope serve --port 0";

const isLong = Boolean(process.env.THINGSCOPE_LONG);
const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"] as const;

for (const [name, command, first] of [
  ["npm start", ["npm", "start"], 0],
  ["npx thingscope", ["npx", ...SERVE.split(" ")], 1],
] as const) {
  // The short form has each signal at one of them, in each run at another.
  for (const signal of SIGNALS.filter((_, n) => isLong || (n + first + SEED) % 2 === 0)) {
    test(`${name} that is ended by ${signal} leaves no server behind`, {
      timeout: TEST_MS,
    }, async (t) => {
      const folder = await project(SERVE);
      const starter = started(t, folder, ...command);
      const server = await serverIn(folder);
      // Ctrl-C goes to all that run at a terminal.
      process.kill(signal === "SIGINT" ? -starter.pid! : starter.pid!, signal);
      assert.ok(await hasEnded(server), `process ${pidOf(server)} still runs`);
    });
  }

  test(`${name} at a terminal that is closed leaves no server behind`, {
    timeout: TEST_MS,
  }, async (t) => {
    const folder = await project(SERVE);
    const terminal = atTerminal(t, folder, ...command);
    const server = await serverIn(folder);
    terminal.stdin?.end();
    assert.ok(await hasEnded(server), `process ${pidOf(server)} still runs`);
  });
}

const kept: [string, typeof started][] = [
  [
    "nohup at a terminal",
    (t, folder) => atTerminal(t, folder, "nohup", "npx", ...SERVE.split(" ")),
  ],
  [
    "nohup in a script",
    (t, folder) => started(t, folder, "npm", "start"), // its shell ends once it has begun
  ],
  [
    "setsid at a terminal",
    (t, folder) => atTerminal(t, folder, "sh", "-c", `npx -c 'setsid ${SERVE} & sleep 5'`),
  ],
];
for (const [name, begin] of kept) {
  test(`a server that was started by ${name} stays when its terminal, or script, has ended`, {
    timeout: TEST_MS,
  }, async (t) => {
    const folder = await project(`nohup ${SERVE} > log 2>&1 & sleep 3`);
    const starter = begin(t, folder);
    const ended = new Promise((resolve) => starter.once("exit", resolve));
    const server = await serverIn(folder);
    t.after(() => isRunning(server) && process.kill(pidOf(server), "SIGKILL"));
    starter.stdin?.end();
    await ended;
    assert.equal(await hasEnded(server, 3000), false);
  });
}

const HEADLESS =
  "echo $$ > pid; exec thingscope launch --headless videotestsrc is-live=true ! fakesink";

/** Waits for a process that has written its id to the file `pid` and runs a program of its own. */
async function headlessIn(folder: string): Promise<[launched: string, program: string]> {
  const end = performance.now() + LIMIT_MS;
  while (performance.now() < end) {
    const pid = Number(await readFile(join(folder, "pid"), "utf8").catch(() => ""));
    const path = `/proc/${pid}/task/${pid}/children`;
    const children = pid > 0 ? await readFile(path, "utf8").catch(() => "") : "";
    for (const child of children.split(" ").filter(Boolean).map(Number)) {
      const name = await readFile(`/proc/${child}/comm`, "utf8").catch(() => "");
      if (name.startsWith("gst-launch")) return [identityOf(pid)!, identityOf(child)!];
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`No pipeline has begun in ${folder}: ${await readFile(saidIn(folder), "utf8")}`);
}

for (const [name, begin, stop] of [
  [
    "npm that is killed",
    (t: TestContext, folder: string) => started(t, folder, "npm", "start"),
    (starter: ChildProcess) => starter.kill("SIGKILL"),
  ],
  [
    "a terminal that is closed",
    (t: TestContext, folder: string) => atTerminal(t, folder, "npm", "start"),
    (starter: ChildProcess) => starter.stdin?.end(),
  ],
] as const) {
  test(`launch --headless ends with ${name}, and so does its program`, {
    timeout: TEST_MS,
  }, async (t) => {
    const folder = await project(HEADLESS);
    const starter = begin(t, folder);
    const both = await headlessIn(folder);
    stop(starter);
    for (const one of both) assert.ok(await hasEnded(one), `process ${pidOf(one)} still runs`);
  });
}

test("nohup keeps a launch --headless whose terminal is closed", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await project(HEADLESS.replace("exec ", "exec nohup "));
  const starter = atTerminal(t, folder, "npm", "start");
  const [launched] = await headlessIn(folder);
  t.after(() => isRunning(launched) && process.kill(pidOf(launched), "SIGTERM"));
  const ended = new Promise((resolve) => starter.once("exit", resolve));
  starter.stdin?.end();
  await ended;
  assert.equal(await hasEnded(launched, 3000), false);
});
