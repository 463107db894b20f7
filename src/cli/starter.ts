import { readFileSync, readlinkSync } from "node:fs";
import { identityOf, isRunning } from "../base/process-identity.ts";

const LOOK_EVERY_MS = 500;
const SHELLS = /^-?(sh|dash|bash|ash|zsh|ksh|busybox)$/;

/**
 * Calls `gone` when the program that started this process for somebody (npm, npx, yarn, pnpm) has ended without passing
 * that on. It watches where such a program says so in the environment and this process has the same input and
 * output; one that was put in the background, or into a session of its own, stays.
 */
export function onStarterGone(gone: () => void): void {
  const starter = starterOf(process.ppid);
  if (!starter) return;
  const timer = setInterval(() => {
    if (isRunning(starter)) return;
    clearInterval(timer);
    gone();
  }, LOOK_EVERY_MS).unref();
}

function starterOf(parent: number): string | undefined {
  const isFromScript = process.env.npm_command ?? process.env.npm_lifecycle_event;
  if (!isFromScript || parent <= 1) return undefined;
  let pid = parent;
  for (let levels = 0; levels < 4 && SHELLS.test(nameOf(pid)); levels++) pid = parentOf(pid);
  if (pid <= 1) return undefined;
  const isOurs = filesOf(pid) === filesOf(process.pid) && sessionOf(pid) === sessionOf(process.pid);
  return isOurs ? identityOf(pid) : undefined;
}

/** Which files a process has as its standard input, output and error. */
function filesOf(pid: number): string | undefined {
  try {
    return [0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`)).join(" ");
  } catch {
    return undefined; // no /proc
  }
}

function nameOf(pid: number): string {
  return stat(pid)?.name ?? "";
}

function parentOf(pid: number): number {
  return Number(stat(pid)?.fields[1] ?? 0);
}

function sessionOf(pid: number): string | undefined {
  return stat(pid)?.fields[3];
}

/** The name of a process, and what /proc says of it from its state on. */
function stat(pid: number): { name: string; fields: string[] } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const end = text.lastIndexOf(")");
    return { name: text.slice(text.indexOf("(") + 1, end), fields: text.slice(end + 2).split(" ") };
  } catch {
    return undefined;
  }
}
