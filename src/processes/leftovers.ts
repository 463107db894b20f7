import { lstatSync, mkdirSync, readdirSync, readFileSync, unlinkSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../base/log.ts";
import { identityOf, isRunning, ownIdentity, pidOf } from "../base/process-identity.ts";

/** What one server has running, in a file of its own. */
interface Note {
  readonly machine: string;
  readonly server: string;
  readonly children: readonly { readonly identity: string; readonly program: string }[];
}

const LONGEST_NOTE = 256 * 1024; // bytes
const children = new Map<number, { identity: string; program: string }>();
let writing: Promise<void> | undefined;
let isStale = false;

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
  const path = ownPath();
  if (path && writing !== undefined) remove(path);
}

/** Ends what servers of this user left running when they were killed, and says what that was. Of servers that run, nothing. */
export function endLeftovers(log: Log): void {
  for (const path of notePaths()) {
    const note = readNote(path);
    const isHere = note?.machine === thisMachine();
    if (note && isHere && isRunning(note.server)) continue;
    if (note && isHere) endChildren(note, log);
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
      `${program} (process ${pid}) was left running by a Thingscope server that was killed (process ${pidOf(server)}). It was ended, so its device is free.`,
    );
  }
}

/** One write at a time; nothing waits for it. */
function write(): void {
  isStale = true;
  writing ??= writeWhileStale().finally(() => {
    writing = undefined;
  });
}

async function writeWhileStale(): Promise<void> {
  while (isStale) {
    isStale = false;
    const path = ownPath();
    if (!path) return;
    const note: Note = {
      machine: thisMachine(),
      server: ownIdentity,
      children: [...children.values()],
    };
    await writeFile(path, JSON.stringify(note), { mode: 0o600 }).catch(() => {});
  }
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
  const { machine, server, children } = value as Partial<Note>;
  const isText = (text: unknown) => typeof text === "string";
  return (
    isText(machine) &&
    isText(server) &&
    Array.isArray(children) &&
    children.every((child) => isText(child?.identity) && isText(child?.program))
  );
}

function ownPath(): string | undefined {
  const folder = ownIdentity.includes(" ") ? notesFolder() : undefined; // without a start time a number is no identity
  return folder && join(folder, ownIdentity.replace(" ", "-"));
}

/** A folder that nobody else can write to: what stands there is killed. */
function notesFolder(): string | undefined {
  const user = process.getuid?.();
  const folder = join(tmpdir(), `thingscope-${user}-running`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    const isOurs = found.isDirectory() && found.uid === user && (found.mode & 0o077) === 0;
    return isOurs ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** Numbers of processes mean something on one machine (or in one container), from one start of it to the next. */
function thisMachine(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${hostname()} ${boot}`;
  } catch {
    return hostname();
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // another start removed it first
  }
}
