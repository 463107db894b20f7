import { messageOf } from "../base/errors.ts";
import { noteUncaught } from "../core/running.ts";
import { EXIT } from "./exit-codes.ts";
import type { ProcessLog } from "./pino-log.ts";

/** What closing may take at most: a recorder finishes its file in less. */
const CLOSE_WITHIN_MS = 10_000;

/** More uncaught errors than this in a minute, and the process starts anew rather than go on. */
const FAULTS_A_MINUTE = 20;

/** Ends the process once everything has been closed; at the second signal, or when that takes too long, at once. */
export class Stopper {
  readonly #log: ProcessLog;
  readonly #close: () => Promise<void>;
  #stopping = false;

  /** @param close - Closes all that the process holds. */
  constructor(close: () => Promise<void>, log: ProcessLog) {
    this.#close = close;
    this.#log = log;
  }

  /** From now on SIGTERM, SIGINT (Ctrl-C) and SIGHUP end the process in order, with exit code 0. */
  onSignals(): void {
    const signals: [NodeJS.Signals, number][] = [
      ["SIGHUP", 1],
      ["SIGINT", 2],
      ["SIGTERM", 15],
    ];
    for (const [signal, number] of signals) {
      process.on(signal, () => {
        if (this.#stopping) process.exit(128 + number);
        this.#log.debug(`Closing: ${signal}.`);
        void this.stop(EXIT.ok);
      });
    }
  }

  /**
   * From now on an error that nobody caught is logged, and the rest is served. What comes from a Thing's code is noted with that
   * Thing and ends nothing, however often. When the server's own do not end, everything is closed and the process ends with exit
   * code 1, for its supervisor to start anew.
   */
  onFaults(): void {
    let faults: number[] = [];
    const note = (error: unknown) => {
      if (noteUncaught(error)) return;
      const stack = error instanceof Error ? error.stack : undefined;
      this.#log.error(`Nothing caught this error: ${messageOf(error)}`, { stack });
      const now = performance.now();
      faults = [...faults.filter((at) => now - at < 60_000), now];
      if (faults.length <= FAULTS_A_MINUTE) return;
      this.#log.error(`That were ${faults.length} in a minute: closing.`);
      void this.stop(EXIT.failed);
    };
    process.on("uncaughtException", note);
    process.on("unhandledRejection", note);
  }

  /** Closes everything and ends the process. */
  async stop(code: number): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    setTimeout(() => {
      this.#log.error(`Something did not close within ${CLOSE_WITHIN_MS / 1000} s: ending anyway.`);
      void this.#exit(EXIT.failed);
    }, CLOSE_WITHIN_MS).unref();
    try {
      await this.#close();
    } catch (error) {
      this.#log.error(`Not everything closed: ${messageOf(error)}`);
    }
    await this.#exit(code);
  }

  async #exit(code: number): Promise<void> {
    await this.#log.written();
    process.exit(code);
  }
}
