import type { ChildProcess } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";

/** A program that is started again whenever it ends, until the test ends. */
export class Kept {
  #child: ChildProcess;
  #isOver = false;
  readonly #start: () => ChildProcess;

  constructor(t: { after(end: () => unknown): void }, start: () => ChildProcess) {
    this.#start = start;
    this.#child = this.#run();
    t.after(() => {
      this.#isOver = true;
      this.#child.kill("SIGKILL");
    });
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async stopFor(ms: number): Promise<void> {
    const child = this.#child;
    child.kill("SIGSTOP");
    await pause(ms);
    child.kill("SIGCONT");
  }

  #run(): ChildProcess {
    const child = this.#start();
    child.on("exit", () => {
      if (!this.#isOver) this.#child = this.#run();
    });
    return child;
  }
}
