import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** The children of a process that use `node`: the programs that have that camera open. */
export function programsOn(node: string, parent: number): number[] {
  return childrenOf(parent).filter((pid) => wordsOf(pid).includes(node));
}

/** Processes that a process has started and that are not gone, zombies among them. */
export function childrenOf(parent: number): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => parentOf(pid) === parent);
}

/** Descriptors that a process has open, by what they are: `socket`, `/dev/video2`. */
export function openFiles(pid: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of readdirSync(join("/proc", String(pid), "fd"))) {
    const kind = linkOf(join("/proc", String(pid), "fd", name)).replace(/:?\[\d+\]$/, "");
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

function parentOf(pid: number): number | undefined {
  // The name, in parentheses, may have spaces in it.
  const fields = textOf(pid, "stat")?.replace(/^.*\) /s, "");
  return fields === undefined ? undefined : Number(fields.split(" ")[1]);
}

function wordsOf(pid: number): string[] {
  return textOf(pid, "cmdline")?.split("\0") ?? [];
}

/** Undefined when it has just ended. */
function textOf(pid: number, file: string): string | undefined {
  try {
    return readFileSync(join("/proc", String(pid), file), "utf8");
  } catch {
    return undefined;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "closed";
  }
}
