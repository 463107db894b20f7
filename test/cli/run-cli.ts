import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";

/** What `npm start` and an installed package run; scripts/bundle.mjs makes it. */
export const MAIN = packagePath("dist", "bundle", "src", "cli", "main.js");
const LINES = packagePath("dist", "test", "cli", "lines-child.js");

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A new folder outside of the repository with these files in it. */
export async function folderWith(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-cli-"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

/** Puts this package where `npm install thingscope` would. */
export async function install(folder: string): Promise<void> {
  await mkdir(join(folder, "node_modules"), { recursive: true });
  await symlink(packagePath(), join(folder, "node_modules", "thingscope"));
}

/**
 * Runs tests in TypeScript, as `npx tsx --test FILE` does, and gives what they print.
 * @throws what `execFile` rejects with when one fails.
 */
export async function runTests(folder: string, ...files: string[]): Promise<string> {
  const tsx = packagePath("node_modules", "tsx", "dist", "cli.mjs");
  // Within a test, Node would take them for tests of the same run, and skip them.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [tsx, "--test", ...files], {
    ...{ cwd: folder, env },
  });
  return stdout;
}

/** Runs one command line of thingscope in `folder` to its end. */
export async function runCli(folder: string, ...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder });
  const ended = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  return { code, stdout, stderr };
}

/**
 * Runs command lines that end by themselves one after another in one process, which is started once: for many that are refused.
 * Their exit code is what the process would end with.
 */
export async function runCliLines(
  folder: string,
  lines: readonly (readonly string[])[],
): Promise<Ended[]> {
  const child = spawn(process.execPath, [LINES, JSON.stringify(lines)], { cwd: folder });
  const ended = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout.slice(stdout.lastIndexOf("\n"))) as Ended[];
}

/** A line of the log. */
export interface Line {
  msg: string;
  level: number;
}

/** A server that was started by the command line, and the address that it told. */
export interface Served {
  child: ChildProcess;
  url: string;
  page: string;
  /** What it has written so far. */
  lines: readonly Line[];
  /** Resolves with the first line, written already or still to come, that `isIt` says yes to. */
  told(isIt: (line: Line) => boolean): Promise<Line>;
  /** Sends it a signal and resolves with its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `thingscope serve --port 0 ARGS` in `folder` and waits until it says where it is. It ends with the test. */
export function serveCli(t: TestContext, folder: string, ...args: string[]): Promise<Served> {
  return started(t, folder, ["serve", "--port", "0", ...args]);
}

/** The same with other variables in its environment. */
export function serveWith(
  t: TestContext,
  {
    folder,
    env,
    onSpawn,
  }: {
    folder: string;
    env?: NodeJS.ProcessEnv;
    onSpawn?: (child: ChildProcess) => void;
  },
  ...args: string[]
): Promise<Served> {
  return started(t, folder, ["serve", "--port", "0", ...args], env, onSpawn);
}

/** The same with `thingscope launch`. */
export function launchCli(t: TestContext, folder: string, ...args: string[]): Promise<Served> {
  return started(t, folder, ["launch", "--port", "0", ...args]);
}

/** The same with `thingscope mirror`. */
export function mirrorCli(t: TestContext, folder: string, ...args: string[]): Promise<Served> {
  return started(t, folder, ["mirror", "--port", "0", ...args]);
}

async function started(
  t: TestContext,
  folder: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
  onSpawn: (child: ChildProcess) => void = () => {},
): Promise<Served> {
  const options = { cwd: folder, env: { ...process.env, ...env } };
  const child = spawn(process.execPath, [MAIN, ...args], options);
  t.after(() => child.kill("SIGKILL"));
  onSpawn(child);
  const ended = once(child, "exit").then(([code]): number | null => code);
  const lines: Line[] = [];
  const readers = new Set<() => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(JSON.parse(line));
    for (const read of [...readers]) read();
  });
  const told = (isIt: (line: Line) => boolean) =>
    new Promise<Line>((resolve) => {
      const read = () => {
        const line = lines.find(isIt);
        if (line) resolve(line);
        if (line) readers.delete(read);
      };
      readers.add(read);
      read();
    });
  const stderr = text(child.stderr);
  const early = ended.then(async (code): Promise<never> => {
    throw new Error(`It ended with ${code}: ${await stderr}`);
  });
  early.catch(() => {}); // It may end once it has told its address.
  const { msg } = await Promise.race([told((line) => line.msg.startsWith("open ")), early]);
  const page = msg.slice("open ".length);
  const stop = (signal: NodeJS.Signals = "SIGTERM") => {
    child.kill(signal);
    return ended;
  };
  return { child, url: new URL(page).origin, page, lines, told, stop };
}
