import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { python } from "./programs.ts";

/** A Python program of this folder that runs beside a test. */
export interface PythonProgram {
  readonly child: ChildProcessWithoutNullStreams;
  /** What it has written so far. */
  readonly lines: readonly string[];
  readonly ended: Promise<{ code: number | null; errors: string }>;
}

/** Starts one; it is killed when its test is over. */
export function startPython(t: TestContext, script: string, ...args: string[]): PythonProgram {
  const child = spawn(python(), ["-u", script, ...args], { cwd: packagePath("test", "interop") });
  t.after(() => child.kill("SIGKILL"));
  const lines: string[] = [];
  createInterface(child.stdout).on("line", (line) => lines.push(line));
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  const ended = once(child, "close").then(([code]) => ({ code, errors }));
  return { child, lines, ended };
}
