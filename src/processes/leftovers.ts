import {
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Log } from "../base/log.ts";
import { makeFoldersSync } from "../base/make-folders.ts";
import { identityOf, isRunning, ownIdentity, pidOf } from "../base/process-identity.ts";
import {
  identityAnywhere,
  identityInNames,
  isOfThisPlace,
  lifeInNames,
  lifeOf,
} from "../base/process-place.ts";

/** What one server has running, in a file of its own. */
interface Note {
  /** As `identityAnywhere`. */
  readonly server: string;
  readonly children: readonly { readonly identity: string; readonly program: string }[];
}

const LONGEST_NOTE = 256 * 1024; // bytes
/** What a server left that cannot be looked at, in a container that is gone, say, is removed after so long, ms. */
const UNKNOWN_FOR_MS = 7 * 24 * 3600_000;
/** A note that is being written, until it is whole. */
const DRAFT = ".part";
const children = new Map<number, { identity: string; program: string }>();
let isNoted = false;

/** Notes a program that runs, for the start after one at which this process and its guard were killed. */
export function noteChild(pid: number, program: string): void {
  children.set(pid, { identity: identityOf(pid), program });
  write();
}

export function forgetChild(pid: number): void {
  if (children.delete(pid)) write();
}

/** Removes this process's note, at its end. */
export function forgetAll(): void {
  children.clear();
  write();
}

/**
 * Kills programs that killed servers of this user left running, and logs them. Programs of running servers are left alone, and
 * those of other containers, where the same process ids are other programs.
 */
export function endLeftovers(log: Log): void {
  for (const path of notePaths()) {
    if (path.endsWith(DRAFT)) {
      if (isDraftAbandoned(path)) remove(path);
      continue;
    }
    const note = readNote(path);
    const life = note ? lifeOf(note.server, path) : "gone";
    if (life === "runs" || (life === "unknown" && !isOlder(path, UNKNOWN_FOR_MS))) continue;
    if (note && isOfThisPlace(note.server)) endChildren(note, log);
    remove(path);
  }
}

function endChildren({ server, children }: Note, log: Log): void {
  for (const { identity, program } of children) {
    const pid = pidOf(identity);
    if (!identity.includes(" ") || pid <= 1 || !isRunning(identity)) continue;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      continue; // it ended by itself just now
    }
    log.warn(
      `${program} (process ${pid}) was left running by a Thingscope server that was killed (process ${pidOf(server)}). It was ended to release its device.`,
    );
  }
}

/** In one tick, so that no program runs that is not noted; whole or not at all, so that a server that is killed now leaves what it had noted. */
function write(): void {
  if (children.size === 0 && !isNoted) return;
  const path = ownPath();
  if (!path) return;
  isNoted = children.size > 0;
  if (!isNoted) {
    remove(path);
    return;
  }
  const note: Note = { server: identityAnywhere, children: [...children.values()] };
  try {
    writeFileSync(path + DRAFT, JSON.stringify(note), { mode: 0o600 });
    renameSync(path + DRAFT, path);
  } catch {
    remove(path + DRAFT); // a full disk: the guard ends them all the same
  }
}

/** Whether a draft is abandoned. */
function isDraftAbandoned(path: string): boolean {
  const life = lifeInNames(basename(path, DRAFT));
  return life === "gone" || (life === "unknown" && isOlder(path, UNKNOWN_FOR_MS));
}

function isOlder(path: string, ms: number): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && Math.abs(Date.now() - found.mtimeMs) > ms;
}

function notePaths(): string[] {
  const folder = notesFolder();
  try {
    return folder ? readdirSync(folder).map((name) => join(folder, name)) : [];
  } catch {
    return []; // no descriptor is left: the next start looks again
  }
}

function readNote(path: string): Note | undefined {
  try {
    if (lstatSync(path).size > LONGEST_NOTE) return undefined;
    const note: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isNote(note) ? note : undefined;
  } catch {
    return undefined;
  }
}

function isNote(value: unknown): value is Note {
  if (typeof value !== "object" || value === null) return false;
  const { server, children } = value as Partial<Note>;
  const isText = (text: unknown) => typeof text === "string";
  return (
    isText(server) &&
    Array.isArray(children) &&
    children.every((child) => isText(child?.identity) && isText(child?.program))
  );
}

function ownPath(): string | undefined {
  const folder = ownIdentity.includes(" ") ? notesFolder() : undefined; // without a start time a number is no identity
  return folder && join(folder, identityInNames);
}

/** A folder that only this user can write to, since programs noted in it are killed. */
function notesFolder(): string | undefined {
  const user = process.getuid?.();
  const folder = join(tmpdir(), `thingscope-${user}-running`);
  try {
    makeFoldersSync(folder, 0o700);
    const found = lstatSync(folder);
    const isOurs = found.isDirectory() && found.uid === user && (found.mode & 0o077) === 0;
    return isOurs ? folder : undefined;
  } catch {
    return undefined;
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // another start removed it first
  }
}
