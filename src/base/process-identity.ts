import { readdirSync, readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";

/** Who this process is, also when its number is given to another one: see `isRunning`. */
export const ownIdentity = identityOf(process.pid);

/** A number that another process may have had before, and where the system tells it, when this one began: `4711 8123`. */
export function identityOf(pid: number): string {
  return `${pid} ${fieldsOf(pid)[19] ?? ""}`.trim(); // the start is the 20th field behind the name
}

/** Whether the process of an identity still runs. */
export function isRunning(identity: string): boolean {
  const pid = pidOf(identity);
  return isAlive(pid) && fieldsOf(pid)[0] !== "Z" && identity === identityOf(pid);
}

/** The number in an identity. */
export function pidOf(identity: string): number {
  return Number.parseInt(identity, 10);
}

/** An identity that means something on this computer alone: `4711 8123@lab`. */
export function identityHere(): string {
  return `${ownIdentity}@${hostname()}`;
}

/**
 * The number of the process on this computer that has a file open, if the one of this identity does. Where the system does not
 * say which files a process has open, one that runs is taken to have it.
 * @param identity - As `identityHere` gave it.
 */
export function holderOf(path: string, identity: string): number | undefined {
  const at = identity.lastIndexOf("@");
  const process = identity.slice(0, at);
  if (at < 0 || identity.slice(at + 1) !== hostname() || !isRunning(process)) return undefined;
  const pid = pidOf(process);
  return hasOpen(pid, path) ? pid : undefined;
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

/** Which file a path leads to, whatever it is called. */
function fileAt(path: string): string {
  const { dev, ino } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return `${dev}:${ino}`;
}

/** What /proc says of a process, from its state on: the name before that stands in brackets and may hold anything. */
function fieldsOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
