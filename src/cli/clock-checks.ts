import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Check } from "../base/checks.ts";
import { SYSTEM_ROOTS, type SystemRoots } from "../discovery/roots.ts";
import type { Command } from "../processes/child.ts";
import { runProgram } from "../processes/run-program.ts";

const LIMITS = { timeoutMs: 3000, mostBytes: 1 << 16 };

/** Who knows whether the clock is synchronised, and the words for yes and no. */
const ASKED: readonly (Command & { readonly yes: RegExp; readonly no: RegExp })[] = [
  {
    ...{ program: "timedatectl", args: ["show", "--property=NTPSynchronized", "--value"] },
    ...{ yes: /^yes$/m, no: /^no$/m },
  },
  {
    ...{ program: "chronyc", args: ["-n", "tracking"] },
    ...{ yes: /^Leap status\s*: (Normal|Insert|Delete)/m, no: /^Leap status\s*: Not/m },
  },
];

/** What a program prints; undefined when it is missing or fails. */
type Ask = (command: Command) => Promise<string | undefined>;

/** Is the wall clock set by the network? Frames and recordings carry its time. */
export function clockCheck(ask: Ask = printed): Check {
  return {
    name: "clock",
    async run() {
      for (const { yes, no, ...command } of ASKED) {
        const text = (await ask(command)) ?? "";
        if (yes.test(text)) return { level: "ok", message: "The clock is synchronised." };
        if (!no.test(text)) continue;
        return {
          level: "warn",
          message:
            "The clock is not synchronised, so the times of frames and recordings may be wrong.",
          fix: "sudo timedatectl set-ntp true, or: sudo apt install chrony",
        };
      }
      return {
        level: "warn",
        message: "Neither timedatectl nor chronyc tells whether the clock is synchronised.",
        fix: "In a container, check it on the host; elsewhere: sudo apt install chrony",
      };
    },
  };
}

/** Does the clock go on without power? That of a Raspberry Pi does not. */
export function realTimeClockCheck({ sys }: SystemRoots = SYSTEM_ROOTS): Check {
  return {
    name: "rtc",
    async run() {
      const clocks = await readdir(join(sys, "class", "rtc")).catch(() => []);
      if (clocks.length > 0) return { level: "ok", message: "A real-time clock is there." };
      return {
        level: "warn",
        message:
          "This computer has no real-time clock: after a power cut its time is wrong until the network sets it.",
        fix: "Add a clock module, or start the server after the time is set: sudo systemctl enable systemd-time-wait-sync",
      };
    },
  };
}

async function printed(command: Command): Promise<string | undefined> {
  const done = await runProgram(command, LIMITS).catch(() => undefined);
  return done?.code === 0 ? done.output.toString() : undefined;
}
