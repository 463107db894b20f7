import { link, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "./folders.ts";

/**
 * Gives a file that was written under another name its own. What is there is never overwritten: when `film.mp4` is taken, it is
 * `film-2.mp4`. @returns the name.
 */
export async function nameFile(draft: string, wanted: string): Promise<string> {
  const dot = wanted.lastIndexOf(".");
  try {
    for (let n = 1; ; n++) {
      const path = n === 1 ? wanted : `${wanted.slice(0, dot)}-${n}${wanted.slice(dot)}`;
      if (!(await isLinked(draft, path))) continue;
      await syncFolder(dirname(path));
      return path;
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** Unlike a rename, a link fails where there is a file. */
async function isLinked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}
