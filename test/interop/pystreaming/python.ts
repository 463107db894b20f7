import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { packagePath } from "../../../src/base/package-root.ts";
import type { Cleared } from "../../adapters/pystreaming/peers.ts";
import { python } from "../programs.ts";

/** A frame as receiver.py tells of it. */
export interface SeenFrame {
  readonly fno: number;
  readonly ftime: number;
  readonly meta: unknown;
  readonly shape: readonly number[];
  readonly rgb: readonly number[];
}

/** One of the scripts beside this file, running. */
export class PythonProgram {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts it; it and its children are ended when the test is over. Resolves once it is ready. */
  static async start(t: Cleared, script: string, ...options: string[]): Promise<PythonProgram> {
    const path = packagePath("test", "interop", "pystreaming", script);
    // A group of its own: pystreaming's processes do not all end with their parent.
    const child = spawn(python(), [path, ...options], {
      ...{ stdio: ["ignore", "pipe", "pipe"], detached: true },
    });
    const program = new PythonProgram(child);
    t.after(() => program.stop());
    let complaint = "";
    child.stderr!.on("data", (text: Buffer) => {
      complaint += text.toString();
    });
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout! }).on("line", (line) => {
        if (line === "ready") resolve();
        else program.lines.push(line);
      });
      child.once("exit", (code) => reject(new Error(`${script} ended (${code}): ${complaint}`)));
    });
    return program;
  }

  /** What it has told so far. */
  get frames(): SeenFrame[] {
    return this.lines.map((line) => JSON.parse(line) as SeenFrame);
  }

  /** Resolves when it has ended by itself. */
  async ended(): Promise<void> {
    if (this.#child.exitCode === null) await once(this.#child, "exit");
  }

  stop(): void {
    const { pid } = this.#child;
    try {
      if (pid !== undefined) process.kill(-pid, "SIGKILL");
    } catch {
      // All of the group have ended.
    }
  }
}
