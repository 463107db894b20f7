import { readFileSync } from "node:fs";

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
