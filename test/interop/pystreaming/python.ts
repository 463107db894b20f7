import { type ChildProcess, spawn } from "node:child_process";
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

/** A frame that receiver.py gives to pystreaming's buffer. */
export interface TakenFrame {
  readonly taken: number;
  /** At most so late against the first, seconds. */
  readonly late: number;
}

/** A frame that pystreaming drops, as dropped.py tells of it. */
export interface DroppedFrame {
  /** Null where pystreaming does not say. */
  readonly dropped: number | null;
  readonly where: string;
}

/** One of the scripts beside this file, running. */
export class PythonProgram {
  readonly frames: SeenFrame[] = [];
  readonly taken: TakenFrame[] = [];
  readonly dropped: DroppedFrame[] = [];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts it; it and its children are ended when the test is over. Resolves once it is ready. */
  static async start(t: Cleared, script: string, ...options: string[]): Promise<PythonProgram> {
    const path = packagePath("test", "interop", "pystreaming", script);
    // A group of its own: pystreaming's processes do not all end with their parent.
    const child = spawn(python(), [path, ...options], {
      ...{ stdio: ["pipe", "pipe", "pipe"], detached: true },
    });
    const program = new PythonProgram(child);
    t.after(() => program.stop());
    child.stdin!.on("error", () => {}); // it has ended, and says so by its exit
    let complaint = "";
    child.stderr!.on("data", (text: Buffer) => {
      complaint += text.toString();
    });
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout! }).on("line", (line) => {
        if (line === "ready") resolve();
        else program.#note(JSON.parse(line) as SeenFrame | TakenFrame | DroppedFrame);
      });
      child.once("exit", (code) => reject(new Error(`${script} ended (${code}): ${complaint}`)));
    });
    return program;
  }

  /** Gives it a line to read. */
  nudge(): void {
    this.#child.stdin!.write("\n");
  }

  stop(): void {
    const { pid } = this.#child;
    try {
      if (pid !== undefined) process.kill(-pid, "SIGKILL");
    } catch {
      // All of the group have ended.
    }
  }

  #note(line: SeenFrame | TakenFrame | DroppedFrame): void {
    if ("taken" in line) this.taken.push(line);
    else if ("dropped" in line) this.dropped.push(line);
    else this.frames.push(line);
  }
}
