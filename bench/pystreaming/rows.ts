import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { within } from "../../src/base/abort.ts";
import { ThingError } from "../../src/base/errors.ts";
import { packagePath } from "../../src/base/package-root.ts";
import { frameFile } from "../frames.ts";
import type { Sample } from "../load.ts";
import { start } from "../programs.ts";
import type { KindName, Length, Row } from "../row.ts";
import { LOAD_CORE, untilItPrints } from "../servers.ts";

const FRAME_BYTES = 100_000;
const SECONDS: Record<Length, number> = { smoke: 1, short: 4, full: 10 };
const PATIENCE_MS = 60_000;
const DRAIN = "tcp://127.0.0.1:5599";

export const PYSTREAMING_ROWS: readonly Row[] = [
  {
    ...{ id: "Y1", group: "pystreaming", isInSmoke: true },
    title:
      "pystreaming: a Streamer that always has a frame, a Worker that does nothing, a Receiver",
    kinds: ["ours", "pystreaming"],
    steadyFigure: "per_second",
    measure: measurePystreaming,
  },
];

/**
 * How many frames of 100 kB a second go from a Streamer through a Worker to a Receiver. The Streamer is ours for both: the
 * real one would be the narrowest place. Worker and Receiver may use both cores: the real ones are eight processes.
 */
async function measurePystreaming(kind: KindName, length: Length): Promise<Sample> {
  const script = packagePath("dist", "bench", "pystreaming", "feed.js");
  const feed = start(LOAD_CORE, [process.execPath, script, await frameFile(FRAME_BYTES)]);
  try {
    const source = await untilItPrints(feed, /^(tcp:\S+)$/m);
    return JSON.parse(await resultOf(commandOf(kind, source, `${SECONDS[length]}`)));
  } finally {
    await feed.stop();
  }
}

function commandOf(kind: KindName, source: string, seconds: string): string[] {
  if (kind === "ours") {
    const script = packagePath("dist", "bench", "pystreaming", "ours.js");
    return [process.execPath, script, source, seconds];
  }
  const python = packagePath(".venv", "bin", "python");
  if (!existsSync(python)) {
    throw new Error("pystreaming is missing. Install it with: scripts/setup --bench");
  }
  return [python, packagePath("bench", "pystreaming", "theirs.py"), source, DRAIN, seconds];
}

/** The first line that a program prints. Then it and its children are ended: Python's do not all end by themselves. */
async function resultOf([program = "", ...options]: readonly string[]): Promise<string> {
  const child = spawn(program, options, { detached: true });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk).slice(-2000);
  });
  const printed = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", () => reject(new Error(complaint.trim().split("\n").at(-1))));
    child.once("error", reject);
  });
  try {
    const late = () => new ThingError("NOT_READY", `${program} printed nothing. ${complaint}`);
    return await within(printed, PATIENCE_MS, late);
  } finally {
    if (child.pid !== undefined) killGroup(child.pid);
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // All of it has ended.
  }
}
