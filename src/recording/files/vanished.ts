import type { Stats } from "node:fs";
import { type FileHandle, lstat } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf, reasonOf, ThingError } from "../../base/errors.ts";

/** That an open file is no longer what stands under its name. */
export interface Vanished {
  /** Why, in a few words for the ledger. */
  readonly why: string;
  /** Nobody can read any more what is written to it. */
  readonly isLost: boolean;
}

/** What a system answers of an open file whose disk, or whose server of files, is gone. */
const DISK_IS_GONE: ReadonlySet<string> = new Set(["ESTALE", "ENOTCONN", "ENODEV", "ENXIO"]);
const IS_NOT_THERE: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR"]);

/**
 * Looks whether an open file still is the one under its name. Writing to one that was removed, or whose disk was unmounted, succeeds
 * to the end; the file is nowhere then.
 */
export async function vanished(file: FileHandle, path: string): Promise<Vanished | undefined> {
  const open = await file.stat().catch(codeOf);
  if (typeof open === "string") {
    return DISK_IS_GONE.has(open)
      ? { why: `its disk is gone (${open})`, isLost: false }
      : undefined;
  }
  const there = await lstat(path).catch(codeOf);
  if (typeof there === "string") return whenNotThere(there, path, open);
  if (there.dev === open.dev && there.ino === open.ino) return undefined;
  const isLost = open.nlink === 0;
  if (there.dev !== open.dev) return { why: "another disk is mounted in its place", isLost };
  // Where files have no numbers of their own (SMB), two looks at one file may give two.
  return isLost || there.size !== open.size
    ? { why: "another file has taken its place", isLost }
    : undefined;
}

/** Why there is no file at a path, in words that follow a colon. Undefined when there is one. */
export async function whyMissing(path: string): Promise<string | undefined> {
  const there = await lstat(path).catch(codeOf);
  if (typeof there !== "string") return undefined;
  const folder = dirname(path);
  const isThere = await lstat(folder).catch(codeOf);
  if (typeof isThere !== "string")
    return `it is no longer in its folder (${there}), so it was moved or removed`;
  const what = IS_NOT_THERE.has(isThere)
    ? "was removed or moved, or its disk taken out"
    : "cannot be read";
  return `its folder ${folder} ${what} (${isThere})`;
}

/** The error for a folder that nothing can be asked about: what it may be, and what to do. */
export function unreadable(folder: string, cause: unknown): ThingError {
  if (cause instanceof ThingError) return cause;
  const code = codeOf(cause);
  const isGone = IS_NOT_THERE.has(code) || DISK_IS_GONE.has(code);
  const why = isGone
    ? `The folder of recordings ${folder} was removed or moved, or its disk taken out (${code}). Connect the disk again; a folder that was only removed is created when the next recording begins.`
    : `The folder of recordings ${folder} cannot be read: ${reasonOf(cause)}. Check its disk.`;
  return new ThingError("RECORDING_FAILED", why, { cause });
}

async function whenNotThere(
  code: string,
  path: string,
  open: Stats,
): Promise<Vanished | undefined> {
  if (!IS_NOT_THERE.has(code)) return undefined; // nothing is known
  const isLost = open.nlink === 0;
  const folder = await lstat(dirname(path)).catch(codeOf);
  if (typeof folder === "string") {
    const what = isLost ? "removed" : "moved, or its disk taken out";
    return IS_NOT_THERE.has(folder) ? { why: `its folder was ${what}`, isLost } : undefined;
  }
  if (folder.dev !== open.dev) return { why: "its disk was unmounted or taken out", isLost };
  return { why: isLost ? "its file was removed" : "its file was moved or removed", isLost };
}
