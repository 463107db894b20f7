import type { Command } from "../../src/processes/child.ts";

/** A real program for tests: this Node, running `code`. */
export function program(code: string): Command {
  return { program: process.execPath, args: ["-e", code] };
}

/** True while a process, zombies included, has this id. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
