import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";

/** What befalls the disk under a folder; see programs/disk-shim.c. */
export interface DiskFault {
  /** While this file exists, writes wait. */
  readonly stall?: string;
  /** The n-th write or sync fails. */
  readonly failAt?: number;
  /** With this error number. */
  readonly errno?: number;
  /** As on FAT; a hard link fails with this error number. */
  readonly fat?: number;
}

const compiled = new Map<string, Promise<string>>();

/** The path of a library made from `test/system/programs/NAME.c`, for LD_PRELOAD. Throws with the command that brings a compiler. */
export function shim(name: string): Promise<string> {
  const library = compiled.get(name) ?? compile(name);
  compiled.set(name, library);
  return library;
}

async function compile(name: string): Promise<string> {
  const library = join(await mkdtemp(join(tmpdir(), `${name}-`)), `${name}.so`);
  const source = packagePath("test", "system", "programs", `${name}.c`);
  const flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library];
  await promisify(execFile)("cc", [...flags, source]).catch((error) => {
    const why = `${name}.c cannot be compiled. If there is no compiler, run: scripts/setup`;
    throw new Error(why, { cause: error });
  });
  return library;
}

/** Runs a compiled test program with a disk under `folder` that has this fault. @returns what it printed. */
export async function runOnFaultyDisk(
  folder: string,
  { stall, failAt, errno, fat }: DiskFault,
  program: string,
  ...args: string[]
): Promise<string> {
  return runWithShim(
    "disk-shim",
    {
      DISK_FOLDER: `${folder}/`,
      ...(stall && { DISK_STALL: stall }),
      ...(fat && { DISK_FAT: String(fat) }),
      ...(failAt && { DISK_FAIL_AT: String(failAt), DISK_ERRNO: String(errno) }),
    },
    program,
    ...args,
  );
}

/** Runs a compiled test program with a shim before its libc. @returns what it printed. */
export async function runWithShim(
  name: string,
  settings: NodeJS.ProcessEnv,
  program: string,
  ...args: string[]
): Promise<string> {
  const child = spawn(process.execPath, [packagePath("dist", "test", program), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, UV_USE_IO_URING: "0", LD_PRELOAD: await shim(name), ...settings },
  });
  const closed = once(child, "close");
  const printed = await text(child.stdout);
  const [code] = await closed;
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${printed}`);
  return printed;
}
