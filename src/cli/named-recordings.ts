import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { reasonOf, ThingError } from "../base/errors.ts";

/** What is meant by a name: a file, or all recordings of a folder. */
interface Named {
  readonly files: readonly string[];
  readonly isFolder: boolean;
}

/**
 * The recordings in a folder, by name; of any other name that alone.
 * @param kinds - How their names end, in small letters: `.mkv`.
 * @throws {ThingError} `NOT_FOUND` for a folder without any, and for one that cannot be read.
 */
export async function namedRecordings(name: string, kinds: readonly string[]): Promise<Named> {
  const found = await stat(name).catch(() => undefined); // what opens it says why
  if (!found?.isDirectory()) return { files: [name], isFolder: false };
  const names = await readdir(name).catch((cause) => {
    throw new ThingError("NOT_FOUND", `${name} cannot be read: ${reasonOf(cause)}.`, { cause });
  });
  const isWanted = (one: string) => kinds.some((kind) => one.toLowerCase().endsWith(kind));
  const files = names.filter((one) => !one.startsWith(".") && isWanted(one)).sort();
  if (files.length > 0) return { files: files.map((one) => join(name, one)), isFolder: true };
  throw new ThingError("NOT_FOUND", `The folder ${name} has no recording (${kinds.join(", ")}).`);
}
