import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { packagePath } from "../src/base/package-root.ts";

const run = promisify(execFile);

/** Where the bench keeps what it makes: programs and frames. */
export const BUILD_FOLDER = packagePath("build", "bench");

const PROGRAMS = {
  limit: ["limit.c"],
  "mjpeg-load": ["mjpeg-load.c"],
  "record-limit": ["record-limit.c"],
  "camera-shim.so": ["-shared", "-fPIC", "camera-shim.c", "-ldl", "-lpthread"],
  "file-shim.so": ["-shared", "-fPIC", "file-shim.c", "-ldl"],
};

/** The path of one of the bench's own C programs. */
export function program(name: keyof typeof PROGRAMS): string {
  return join(BUILD_FOLDER, name);
}

/** Compiles the bench's C programs. Throws with one sentence when there is no compiler. */
export async function buildPrograms(): Promise<void> {
  const missing = whatIsMissing("cc");
  if (missing) throw new Error(missing);
  mkdirSync(BUILD_FOLDER, { recursive: true });
  const cwd = packagePath("bench", "c");
  for (const [name, inputs] of Object.entries(PROGRAMS)) {
    await run("cc", ["-O2", "-Wall", "-Wextra", "-o", join(BUILD_FOLDER, name), ...inputs], {
      cwd,
    });
  }
}

/** The sentence for a program that is not on the PATH, with the command that installs it. */
export function whatIsMissing(name: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(":");
  if (folders.some((folder) => existsSync(join(folder, name)))) return undefined;
  return `${name} is missing. Install it with: scripts/setup --bench`;
}

/** First line that a program prints about its version, or "missing". */
export async function versionOf(name: string, flag = "--version"): Promise<string> {
  if (whatIsMissing(name)) return "missing";
  const { stdout } = await run(name, [flag]);
  return stdout.split("\n")[0] ?? "";
}

export interface Running {
  readonly pid: number;
  /** What it has written so far to stdout and stderr together. */
  output(): string;
  readonly ended: boolean;
  stop(): Promise<void>;
}

/** Starts a program on one core. It is killed when it does not end within 3 s of being stopped. */
export function start(
  core: number,
  command: readonly string[],
  env: Record<string, string> = {},
): Running {
  const child = spawn("taskset", ["--cpu-list", String(core), ...command], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (chunk: Buffer) => {
    output = (output + chunk).slice(-20_000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  let ended = false;
  const closed = new Promise<void>((resolve) => {
    child.on("error", (error) => keep(Buffer.from(error.message)));
    child.on("close", () => {
      ended = true;
      resolve();
    });
  });
  return {
    pid: child.pid ?? -1,
    output: () => output,
    get ended() {
      return ended;
    },
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 3000);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** What a program prints on one core until it ends. Throws what it complained of when it fails. */
export async function runToEnd(
  core: number,
  command: readonly string[],
  timeout = 120_000,
): Promise<string> {
  const { stdout } = await run("taskset", ["--cpu-list", String(core), ...command], { timeout });
  return stdout;
}

/** Resident memory of a process in kB; 0 when it has gone. */
export function residentKb(pid: number): number {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return 0;
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(path, "utf8"))?.[1] ?? 0);
}

/** User and system time that a process has used. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100; // in ticks of 10 ms
}

/** Whether `path` is there with exactly `bytes` bytes. */
export function hasSize(path: string, bytes: number): boolean {
  return existsSync(path) && statSync(path).size === bytes;
}
