import { mkdirSync, statSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { codeOf } from "./errors.ts";

/**
 * Makes a folder and those above it that are missing. Node's own `recursive` never ends, and keeps a processor busy, where
 * nobody can make a folder: below /proc, and in folders of an automounter.
 *
 * @param path - Links in it are followed.
 * @param mode - Of those that are made.
 * @returns The first one that was made; undefined when all were there.
 * @throws what the system says of a folder that it does not make, and of a file that is in the way.
 */
export async function makeFolders(path: string, mode?: number): Promise<string | undefined> {
  const missing: string[] = [];
  let folder = resolve(path);
  for (; !(await isThere(folder)); folder = dirname(folder)) missing.unshift(folder);
  for (const one of missing) {
    await mkdir(one, mode).catch(async (error) => {
      if (codeOf(error) !== "EEXIST" || !(await isThere(one))) throw error; // another process was faster
    });
  }
  return missing[0];
}

/** The same for code that cannot wait. */
export function makeFoldersSync(path: string, mode?: number): void {
  const missing: string[] = [];
  for (let folder = resolve(path); !isThereSync(folder); folder = dirname(folder))
    missing.unshift(folder);
  for (const one of missing) {
    try {
      mkdirSync(one, mode);
    } catch (error) {
      if (codeOf(error) !== "EEXIST" || !isThereSync(one)) throw error;
    }
  }
}

async function isThere(folder: string): Promise<boolean> {
  return stat(folder).then(
    (found) => isFolder(found, folder),
    (error) => isMissing(error),
  );
}

function isThereSync(folder: string): boolean {
  try {
    return isFolder(statSync(folder), folder);
  } catch (error) {
    return isMissing(error);
  }
}

/** @throws {Error} `ENOTDIR` for a file: nothing can be made in it. */
function isFolder(found: { isDirectory(): boolean }, path: string): true {
  if (found.isDirectory()) return true;
  throw Object.assign(new Error(`${path} is a file, not a folder`), { code: "ENOTDIR" });
}

function isMissing(error: unknown): false {
  if (codeOf(error) === "ENOENT") return false;
  throw error;
}
