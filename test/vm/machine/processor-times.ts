import { readdirSync, readFileSync } from "node:fs";

const LOOK_MS = 2000;

/** How long the threads of a process ran, and how long they waited for a processor meanwhile: what makes a machine slow. */
export class ProcessorTimes {
  readonly #pid: number;
  readonly #looking: NodeJS.Timeout;
  #ranS = 0;
  #waitedS = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#looking = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** Ends it. @returns One line; as it was seen last, where the process has ended. */
  end(): string {
    clearInterval(this.#looking);
    const waited = `${Math.round(this.#waitedS)} s for a processor of this computer`;
    return `The test machine ran for ${Math.round(this.#ranS)} s of processor time, and waited ${waited}.`;
  }

  #look(): void {
    try {
      const folder = `/proc/${this.#pid}/task`;
      const times = readdirSync(folder).map((thread) =>
        readFileSync(`${folder}/${thread}/schedstat`, "utf8").split(" ").map(Number),
      );
      this.#ranS = times.reduce((sum, [ran = 0]) => sum + ran / 1e9, 0);
      this.#waitedS = times.reduce((sum, [, waited = 0]) => sum + waited / 1e9, 0);
    } catch {
      // it is ending
    }
  }
}
