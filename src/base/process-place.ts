import { createHash } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync, statfsSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { isRunning, ownIdentity, pidOf } from "./process-identity.ts";

/** Whether a process still runs; unknown where this one cannot look: on another computer, in another container. */
type Life = "runs" | "gone" | "unknown";

/** Where numbers of processes mean the same: one start of one computer, and one container on it. */
interface Place {
  readonly host: string;
  /** Which start of the computer; undefined where the system does not say. */
  readonly boot?: string | undefined;
  /** Which container: its pid namespace. */
  readonly space?: string | undefined;
}

/** The pid namespace in which all others are. */
const OUTERMOST = "4026531836";
/** Types of file systems that are on a disk of this computer alone. */
const LOCAL_TYPES: ReadonlySet<number> = new Set([
  ...[0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x01021994, 0x794c7630], // ext, xfs, btrfs, f2fs, tmpfs, overlay
  ...[0x4d44, 0x2011bab0, 0x7366746e, 0x858458f6, 0x2fc12fc1], // vfat, exfat, ntfs3, ramfs, zfs
]);

const own: Place = {
  host: hostname(),
  boot: firstLine("/proc/sys/kernel/random/boot_id")?.slice(0, 8),
  space: ownSpace(),
};

/** Who this process is, for readers anywhere: `4711 8123@lab 10e1882f.4026531836`. */
export const identityAnywhere: string = `${ownIdentity}@${own.host}${own.boot ? ` ${own.boot}.${own.space}` : ""}`;

/** The same for a name of a file: `4711-8123-0f3a9c1e`. */
export const identityInNames: string = `${ownIdentity.replace(" ", "-")}-${hashOf(own)}`;

/** Whether the process of an identity as it stands in a name runs; unknown for one of another place. */
export function lifeInNames(identity: string): Life {
  const [, process, hash] = /^(\d+(?:-\d+)?)-([0-9a-f]{8})$/.exec(identity) ?? [];
  if (hash !== undefined && hash !== hashOf(own)) return "unknown";
  return isRunning((process ?? identity).replace("-", " ")) ? "runs" : "gone";
}

/** Whether an identity's numbers mean here what they meant where it was written: the same start of this computer, and the same container. */
export function isOfThisPlace(identity: string): boolean {
  const { place } = parsed(identity);
  return place !== undefined && isHere(place);
}

/** A process in words: `process 4711`, `process 4711 on lab`. */
export function processInWords(identity: string): string {
  const { process, place } = parsed(identity);
  const name = `process ${pidOf(process)}`;
  if (!place || isHere(place)) return name;
  if (place.host !== own.host) return `${name} on ${place.host}`;
  return place.boot === own.boot
    ? `${name} of another container`
    : `${name} of another ${own.host}`;
}

/** @param path - What the process has to do with: where its disk is no other computer's, one of before the last start is gone. */
export function lifeOf(identity: string, path: string): Life {
  const { process, place } = parsed(identity);
  if (!Number.isInteger(pidOf(process))) return "gone";
  if (!place || isHere(place)) return isRunning(process) ? "runs" : "gone";
  if (!place.boot || !own.boot) return "unknown";
  if (place.boot === own.boot) return lifeInside(process);
  return place.host === own.host && isLocal(path) ? "gone" : "unknown";
}

/** Whether an identity is this process's. */
export function isOwn(identity: string): boolean {
  return identity === identityAnywhere || identity === ownIdentity;
}

/**
 * The number of the process that has a file open, if the one of this identity does. Where the system does not say which files a
 * process has open, one that runs is taken to have it; of one that this process cannot look at, a file that changed lately says it.
 * @param identity - As `identityAnywhere`.
 */
export function holderOf(path: string, identity: string): number | undefined {
  const { process, place } = parsed(identity);
  if (!place) return undefined;
  const pid = pidOf(process);
  const life = lifeOf(identity, path);
  if (life === "gone") return undefined;
  if (life === "unknown") return hasChangedWithin(path, FOREIGN_QUIET_MS) ? pid : undefined;
  return isHere(place) && !hasOpen(pid, path) ? undefined : pid;
}

/** Whoever records in another container or on another computer changes the file's time at least this often, three times; ms. */
export const FOREIGN_QUIET_MS = 30_000;

function parsed(identity: string): { process: string; place?: Place } {
  const [, process, host, boot, space] =
    /^(-?\d+(?: \d+)?)@([^@ ]*)(?: ([^. ]+)\.(\S*))?$/.exec(identity.trim()) ?? [];
  if (process === undefined || host === undefined) return { process: identity };
  return { process, place: { host, boot, space } };
}

function hashOf({ host, boot, space }: Place): string {
  return createHash("sha256").update(`${host} ${boot} ${space}`).digest("hex").slice(0, 8);
}

/** Places of which less is known are told apart by that. */
function isHere({ host, boot, space }: Place): boolean {
  if (boot === undefined || own.boot === undefined) return host === own.host;
  return boot === own.boot && space === own.space;
}

/** A process of another container on this computer. From the outermost place, each can be seen. */
function lifeInside(process: string): Life {
  const [pid, start] = process.split(" ");
  const isIt = (outer: string) => {
    const spaces = /^NSpid:(.*)$/m
      .exec(read(`/proc/${outer}/status`))?.[1]
      ?.trim()
      .split(/\s+/);
    return spaces?.at(-1) === pid && isRunning(`${outer} ${start}`);
  };
  if (processes().some(isIt)) return "runs";
  return own.space === OUTERMOST ? "gone" : "unknown";
}

function processes(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function isLocal(path: string): boolean {
  try {
    return LOCAL_TYPES.has(statfsSync(path).type);
  } catch {
    return false;
  }
}

function hasOpen(pid: number, path: string): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    const wanted = fileAt(path);
    return readdirSync(folder).some((fd) => fileAt(`${folder}/${fd}`) === wanted);
  } catch {
    return true; // another user's, or a system without /proc
  }
}

function hasChangedWithin(path: string, ms: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && Math.abs(Date.now() - found.mtimeMs) < ms;
}

/** Which file a path leads to, whatever it is called. */
function fileAt(path: string): string {
  const { dev, ino } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return `${dev}:${ino}`;
}

function ownSpace(): string | undefined {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0];
  } catch {
    return undefined;
  }
}

function firstLine(path: string): string | undefined {
  return read(path).split("\n")[0] || undefined;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
