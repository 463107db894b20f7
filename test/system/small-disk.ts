import { execFile } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A disk of 64 MB, until the work ends. Only root can make one: others have the file-size limit of crash.test.ts. */
export async function onSmallDisk(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "small-disk-"));
  await run("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", folder]);
  try {
    await work(folder);
  } finally {
    await run("umount", [folder]);
  }
}
