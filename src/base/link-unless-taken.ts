import { link } from "node:fs/promises";

/**
 * Gives the file `from` the name `to`, too. Unlike a rename, this fails where there is a file: then it changes nothing.
 *
 * @returns Whether the name was free.
 */
export async function linkUnlessTaken(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}
