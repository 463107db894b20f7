import type { Stats } from "node:fs";
import { constants, type FileHandle, lstat, open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { ThingError } from "./errors.ts";

const { O_RDONLY, O_RDWR, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants; // Windows lacks some

/** How a file is opened. */
interface OpenOptions {
  readonly write?: boolean;
  /** Also through a symbolic link: only where a person has named this very file. In a folder that others may write to, a link can lead anywhere. */
  readonly follow?: boolean;
}

/**
 * Opens a file that is one: no pipe, whose opening may never end, no device, no folder.
 * @throws {ThingError} `NOT_FOUND` for what is no file. What the system says where there is nothing, or it may not be opened.
 */
export async function openRegular(
  path: string,
  { write = false, follow = false }: OpenOptions = {},
): Promise<FileHandle> {
  assertFile(path, await (follow ? stat(path) : lstat(path))); // a device may do something when it is opened
  const flags = (write ? O_RDWR : O_RDONLY) | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW);
  const file = await open(path, flags); // it may be another by now
  try {
    assertFile(path, await file.stat());
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** What is in a file that is one. @throws as `openRegular`. */
export async function readRegular(path: string, options?: OpenOptions): Promise<Buffer> {
  const file = await openRegular(path, options);
  return file.readFile().finally(() => file.close());
}

/** @throws {ThingError} `NOT_FOUND` for what is no file. */
export function assertFile(path: string, stats: Stats): void {
  if (stats.isFile()) return;
  throw new ThingError("NOT_FOUND", `'${basename(path)}' is not a file: it is a ${kindOf(stats)}.`);
}

function kindOf(stats: Stats): string {
  if (stats.isSymbolicLink()) return "symbolic link";
  if (stats.isFIFO()) return "pipe";
  if (stats.isSocket()) return "socket";
  return stats.isDirectory() ? "folder" : "device";
}
