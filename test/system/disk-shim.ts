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
}

let compiled: Promise<string> | undefined;

async function compile(): Promise<string> {
  const library = join(await mkdtemp(join(tmpdir(), "disk-shim-")), "disk-shim.so");
  const source = packagePath("test", "system", "programs", "disk-shim.c");
  await promisify(execFile)("cc", ["-O2", "-shared", "-fPIC", "-o", library, source]).catch(
    (error) => {
      throw new Error(`The shim cannot be compiled. Run: scripts/setup`, { cause: error });
    },
  );
  return library;
}

/** Runs a compiled test program with a disk under `folder` that has this fault. @returns what it printed. */
export async function runOnFaultyDisk(
  folder: string,
  { stall, failAt, errno }: DiskFault,
  program: string,
  ...args: string[]
): Promise<string> {
  compiled ??= compile();
  const child = spawn(process.execPath, [packagePath("dist", "test", program), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      LD_PRELOAD: await compiled,
      DISK_FOLDER: `${folder}/`,
      ...(stall && { DISK_STALL: stall }),
      ...(failAt && { DISK_FAIL_AT: String(failAt), DISK_ERRNO: String(errno) }),
    },
  });
  const closed = once(child, "close");
  const printed = await text(child.stdout);
  const [code] = await closed;
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${printed}`);
  return printed;
}
