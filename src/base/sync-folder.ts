import { type FileHandle, open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { codeOf } from "./errors.ts";
import { makeFolders } from "./make-folders.ts";

/** What a disk answers that knows no such request: it keeps names as it does, and no request changes that. */
const UNKNOWN: ReadonlySet<string> = new Set([
  ...["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "ENOTTY", "EBADF"],
  ...["EISDIR", "EPERM", "EACCES"], // a folder cannot be opened on Windows, and not always on SMB
]);

/**
 * When it resolves, the names in a folder are on the disk: those made, those changed, and those removed. Not every disk can be asked
 * for that (FAT by FUSE, SMB): it is no fault of one that it cannot. One that fails is one.
 */
export async function syncFolder(path: string): Promise<void> {
  try {
    const handle = await open(path, "r");
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (!isUnknown(error)) throw error;
  }
}

/** When it resolves, what was written to a file is on the disk, as far as that can be asked for it. */
export async function syncFile(handle: FileHandle): Promise<void> {
  await handle.datasync().catch((error) => {
    if (!isUnknown(error) || codeOf(error) === "EBADF") throw error;
  });
}

function isUnknown(error: unknown): boolean {
  return UNKNOWN.has(codeOf(error));
}

/** Makes a folder and those above it that are missing, and has their names on the disk before it resolves. */
export async function makeFolder(path: string): Promise<void> {
  const first = await makeFolders(path);
  if (first === undefined) return; // it was there
  const above = dirname(resolve(first));
  for (let folder = resolve(path); folder !== above; ) {
    folder = dirname(folder);
    await syncFolder(folder);
  }
}
