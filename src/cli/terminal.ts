import { readFileSync } from "node:fs";
import { isatty } from "node:tty";

const LOOK_EVERY_MS = 250;
const LOOK_FOR_MS = 3000;

/**
 * Those of the standard descriptors that are the terminal which controls this process. None after `nohup`, `setsid`,
 * in a container or under a supervisor: such a process does not end with a terminal.
 */
export function ownTerminals(): number[] {
  return hasControllingTerminal() ? [0, 1, 2].filter((fd) => isatty(fd)) : [];
}

/** Whether somebody at a terminal has taken this process off it, as `nohup` does: nothing of it is read or shown there. */
export function isOffItsTerminal(): boolean {
  return hasControllingTerminal() && ![0, 1, 2].some((fd) => isatty(fd));
}

/** Calls `gone` if one of these terminals is closed now, or within the next 3 s: a signal may come before that. */
export function onTerminalGone(terminals: readonly number[], gone: () => void): void {
  const until = performance.now() + LOOK_FOR_MS;
  const look = () => {
    if (terminals.some((fd) => !isatty(fd))) gone();
    else if (terminals.length > 0 && performance.now() < until)
      setTimeout(look, LOOK_EVERY_MS).unref();
  };
  look();
}

function hasControllingTerminal(): boolean {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[4] !== "0";
  } catch {
    return true; // no /proc: what is a terminal is ours
  }
}
