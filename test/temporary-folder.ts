import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

const made: string[] = [];

/**
 * A new folder that is removed when all tests of the file are over: what a test begins after it has asked for one, such as a
 * server, ends before that, since `t.after` goes from first to last.
 */
export async function temporaryFolder(prefix = "thingscope-"): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  made.push(folder);
  return folder;
}

/** Ends what all tests of a file share and keeps in such a folder, before that is removed: hooks of the file go from first to last, too. */
export function endsWithFile(end: () => unknown): void {
  ends.push(end);
}

const ends: (() => unknown)[] = [];
after(async () => {
  for (const end of ends.splice(0)) await end();
  for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
});
