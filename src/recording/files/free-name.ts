import { randomUUID } from "node:crypto";
import { lstat, open, readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { moveUnlessTaken } from "../../base/move-unless-taken.ts";
import { identityInNames, lifeInNames } from "../../base/process-place.ts";
import { syncFile, syncFolder } from "../../base/sync-folder.ts";
import { noteRemoved, noteSizeOf } from "./folder-room.ts";

/** How much of its name a draft has in its own, which has more to say and may be as long as that; bytes. */
const LONGEST_PART = 120;
/** What somebody makes in another container, or on another computer, has changed within this time; ms. */
const FOREIGN_MAKES_WITHIN_MS = 3600_000;

/** A name for a file that is being made and shall be called `wanted`; of nobody else, and hidden. */
export function draftOf(wanted: string): string {
  const id = randomUUID().slice(0, 8);
  return join(dirname(wanted), `.${beginningOf(basename(wanted))}.${identityInNames}.${id}.part`);
}

/**
 * Whether a name is that of a draft which nobody makes any more.
 * @param ageMs - How long ago the draft was changed.
 */
export function isAbandoned(name: string, ageMs: number): boolean {
  const [, identity] =
    /^\..*\.(\d+(?:-\d+)?(?:-[0-9a-f]{8})?)\.[0-9a-f]{8}\.part$/.exec(name) ?? [];
  if (identity === undefined) return false;
  const life = lifeInNames(identity);
  return life === "gone" || (life === "unknown" && ageMs > FOREIGN_MAKES_WITHIN_MS);
}

/** Removes what a process that was killed had not given its name yet. @param nowMs - On the clock of the disk's files. */
export async function removeAbandonedDrafts(folder: string, nowMs: number): Promise<void> {
  for (const name of (await readdir(folder)).filter((one) => one.endsWith(".part"))) {
    const path = join(folder, name);
    const found = await lstat(path).catch(() => undefined);
    if (found && isAbandoned(name, nowMs - found.mtimeMs)) await rm(path, { force: true });
  }
}

function beginningOf(name: string): string {
  let [text, bytes] = ["", 0];
  for (const character of name) {
    bytes += Buffer.byteLength(character);
    if (bytes > LONGEST_PART) return text;
    text += character;
  }
  return text;
}

/** Takes what belongs to a name beside the file itself. @returns how that is given back; undefined when the name is taken. */
export type NameTaker = (path: string) => Promise<{ release: () => Promise<void> } | undefined>;

const takesNothing: NameTaker = async () => ({ release: async () => {} });

/**
 * Gives a file that was written under another name its own, whoever wrote it. When this resolves, bytes and name are on the disk, in this
 * order: no power cut leaves a name without all of its bytes. What is there is never overwritten: when `video.mp4` is taken, it is
 * `video-2.mp4`. @returns the name.
 */
export async function nameFile(
  draft: string,
  wanted: string,
  take = takesNothing,
): Promise<string> {
  const dot = wanted.lastIndexOf(".");
  try {
    const written = await open(draft, "r+");
    await syncFile(written).finally(() => written.close());
    for (let n = 1; ; n++) {
      const path = n === 1 ? wanted : `${wanted.slice(0, dot)}-${n}${wanted.slice(dot)}`;
      if (!(await isNamed(draft, path, take))) continue;
      await noteSizeOf(path);
      await syncFolder(dirname(path));
      return path;
    }
  } finally {
    await rm(draft, { force: true });
    noteRemoved(draft);
  }
}

async function isNamed(draft: string, path: string, take: NameTaker): Promise<boolean> {
  const taken = await take(path);
  if (!taken) return false;
  let isNamed = false;
  try {
    isNamed = await moveUnlessTaken(draft, path);
    return isNamed;
  } finally {
    if (!isNamed) await taken.release();
  }
}
