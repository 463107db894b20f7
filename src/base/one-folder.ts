import { realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";

/** The key of a folder, by each path that has led to it. */
const keys = new Map<string, string>();
/** By the number of its disk and its own on that: a disk that is mounted twice has two real paths. */
const numbers = new Map<string, string>();
/** More folders than this are not told apart by links: the oldest are met again when they are used. */
const MOST = 10_000;

/**
 * What all paths to one folder have in common, as far as `meetFolder` has been called with them: links, other mounts. It is told
 * without asking the disk; of a folder that has not been met it is the path.
 */
export function folderKey(folder: string): string {
  const path = resolve(folder);
  return keys.get(path) ?? path;
}

/** Finds out which folder a path leads to now. @returns its key. Rejects where there is none. */
export async function meetFolder(folder: string): Promise<string> {
  const path = resolve(folder);
  const real = await realpath(path);
  const number = await numberOf(real);
  const known = numbers.get(number);
  // What has the number may be another one by now: the folder was removed, and the disk has given its number away.
  const isKnown = known !== undefined && (await numberOf(known).catch(() => "")) === number;
  const key = isKnown ? known : real;
  note(numbers, number, key);
  note(keys, path, key);
  return key;
}

function note(map: Map<string, string>, from: string, key: string): void {
  map.set(from, key);
  if (map.size > MOST) map.delete([...map.keys()][0]!);
}

async function numberOf(path: string): Promise<string> {
  const { dev, ino } = await stat(path, { bigint: true });
  return `${dev}:${ino}`;
}
