import { createHash, randomUUID } from "node:crypto";
import { open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { delay } from "../base/abort.ts";
import { ignoreMissing } from "../base/errors.ts";
import { moveUnlessTaken } from "../base/move-unless-taken.ts";
import { identityAnywhere, isOwn, lifeOf } from "../base/process-place.ts";

/** How often the holder of a lock looks whether somebody asks, ms. */
export const ANSWER_EVERY_MS = 2000;
/** A holder that has not answered for this long is taken to be gone. */
export const ANSWERS_WITHIN_MS = 6 * ANSWER_EVERY_MS;
const LOOK_EVERY_MS = 100;
/** A lock file may be empty for the moment in which it is made, where there are no hard links. */
const EMPTY_FOR_MS = 1000;
/** Somebody who was killed while he took a lock over may have been killed while he took it over from another such. */
const DEEPEST = 3;
const [ASKED, ANSWERED] = ["?", "."];

/** What a lock file holds: who has it, which of his takings it is, and whether somebody asks if he is still there. */
export function newLockText(): string {
  return `${identityAnywhere}\n${randomUUID()}\n${ANSWERED}`;
}

/** The process in the text of a lock file. */
export function holderIn(text: string): string {
  return text.split("\n")[0]!;
}

/**
 * Makes the lock file `path` with `text`, which is told apart from all others. A file of a process that is gone is taken over by one
 * process alone, however many try at once.
 * @returns undefined when it is made; else what the file of another process holds that runs, or may.
 */
export async function claim(
  path: string,
  text: string,
  onAsk: (holder: string) => void = () => {},
  depth = 0,
): Promise<string | undefined> {
  const draft = `${path}.${randomUUID().slice(0, 8)}`;
  for (;;) {
    await writeFile(draft, text);
    try {
      const isMade =
        (await moveUnlessTaken(draft, path)) || (await takesOver(draft, path, onAsk, depth));
      if (!isMade) continue;
      if (isSame(await textOf(path), text)) return undefined;
    } catch (error) {
      if (error instanceof Held) return error.text;
      throw error;
    } finally {
      await rm(draft, { force: true });
    }
  }
}

/** Says that the holder of a lock is still there, if somebody asks. @returns Whether `path` still holds `text`; undefined where it is gone. */
export async function answer(path: string, text: string): Promise<boolean | undefined> {
  const found = await textOf(path);
  if (found === undefined) return undefined;
  if (!isSame(found, text)) return false;
  if (found.at(-1) === ASKED) await setLast(path, text, ANSWERED);
  return true;
}

/** Whether two texts are of one taking, whatever was asked meanwhile. */
export function isSame(found: string | undefined, text: string): boolean {
  return found?.slice(0, -1) === text.slice(0, -1);
}

/** What a lock file holds; undefined where there is none. */
export async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, "latin1").catch(ignoreMissing);
}

class Held extends Error {
  constructor(readonly text: string) {
    super("The lock is held.");
  }
}

/**
 * Puts a draft in the place of the lock of a process that is gone. Only one may do that with one file: who makes the file that is called
 * after it, which is another for every taking.
 * @throws {Held}
 */
async function takesOver(
  draft: string,
  path: string,
  onAsk: (holder: string) => void,
  depth: number,
): Promise<boolean> {
  const found = await textOf(path);
  if (found === undefined || (await isHeld(path, found, onAsk))) return false;
  const stale = await taking(path, found);
  const right = `${path}.after-${createHash("sha256").update(stale).digest("hex").slice(0, 12)}`;
  if (depth === DEEPEST) throw new Held(found);
  const other = await claim(right, newLockText(), onAsk, depth + 1);
  if (other !== undefined) {
    await delay(LOOK_EVERY_MS); // that one is about to take it over
    return false;
  }
  try {
    const present = await textOf(path);
    if (present === undefined || (await taking(path, present)) !== stale) return false;
    await rename(draft, path);
    return true;
  } finally {
    await rm(right, { force: true });
  }
}

/** @returns Whether it has changed meanwhile, and is to be looked at anew. @throws {Held} */
async function isHeld(
  path: string,
  found: string,
  onAsk: (holder: string) => void,
): Promise<boolean> {
  const holder = holderIn(found);
  if (found === "") return changesWithin(path, found, EMPTY_FOR_MS);
  if (isOwn(holder)) return false;
  const life = lifeOf(holder, path);
  if (life === "gone") return false;
  if (life === "runs" || !found.includes("\n")) throw new Held(found);
  try {
    await setLast(path, found, ASKED);
  } catch {
    throw new Held(found); // it cannot be asked
  }
  onAsk(holder);
  if (!(await changesWithin(path, `${found.slice(0, -1)}${ASKED}`, ANSWERS_WITHIN_MS)))
    return false;
  if (isSame(await textOf(path), found)) throw new Held(found);
  return true;
}

async function changesWithin(path: string, text: string, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    await delay(LOOK_EVERY_MS);
    if ((await textOf(path)) !== text) return true;
  }
  return false;
}

/** Tells one taking from every other; also empty files from each other. */
async function taking(path: string, text: string): Promise<string> {
  if (text !== "") return text.slice(0, -1);
  const { ino, mtimeMs } = await stat(path).catch(() => ({ ino: 0, mtimeMs: 0 }));
  return `${ino} ${mtimeMs}`;
}

async function setLast(path: string, text: string, mark: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    if (isSame(await file.readFile("latin1"), text))
      await file.write(mark, text.length - 1, "latin1");
  } finally {
    await file.close();
  }
}
