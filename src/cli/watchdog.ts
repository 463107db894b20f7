import { Worker } from "node:worker_threads";
import { moduleUrl } from "../base/package-root.ts";
import type { WatchdogData } from "./watchdog-thread.ts";

/** How often the event loop shows that it runs, ms. */
const HEARTBEAT_MS = 500;

interface WatchdogOptions extends Omit<WatchdogData, "shared" | "heartbeatMs"> {
  /** Called when something keeps the thread from its work; the process runs on without it. */
  readonly onProblem: (sentence: string) => void;
}

/**
 * A thread that sees whether the event loop of this process still runs. When it does not, the log says what runs
 * instead; and a process that was told to end ends in time, whatever hangs.
 */
export class Watchdog {
  readonly #shared = new Int32Array(new SharedArrayBuffer(8));
  readonly #worker: Worker;
  readonly #heartbeat: NodeJS.Timeout;

  constructor({ onProblem, ...options }: WatchdogOptions) {
    const data: WatchdogData = { ...options, shared: this.#shared, heartbeatMs: HEARTBEAT_MS };
    this.#worker = new Worker(moduleUrl("src/cli/watchdog-thread"), {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
    });
    this.#worker.on("message", (message) => onProblem(String(message)));
    this.#worker.on("error", ({ message }) =>
      onProblem(
        `A blocked event loop will not be noticed, because the watchdog thread has ended: ${message}`,
      ),
    );
    this.#worker.unref();
    this.#heartbeat = setInterval(() => Atomics.add(this.#shared, 0, 1), HEARTBEAT_MS).unref();
  }

  /** The process ends now: from here on it has as long as it may take at most. */
  ending(): void {
    Atomics.store(this.#shared, 1, 1);
  }

  /** It watches no more. */
  async stop(): Promise<void> {
    clearInterval(this.#heartbeat);
    await this.#worker.terminate();
  }
}
