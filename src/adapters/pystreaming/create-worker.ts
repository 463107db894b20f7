import { Worker as Thread } from "node:worker_threads";
import { messageOf, ThingError } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import { requireCount } from "./streamer.ts";
import { type FrameHandler, type WorkCounts, Workshop } from "./workshop.ts";

/** Where a worker's frames come from and go to, and how many threads work. */
export interface CreateWorkerOptions {
  /** The Streamer's endpoint. */
  readonly source: string;
  /** The Receiver's. */
  readonly drain: string;
  readonly track?: string | undefined;
  /** How many frames each thread asks for at once; 3 unless given. */
  readonly reqthread?: number | undefined;
  /** How many threads run a handler that is a module; 1 unless given. */
  readonly threads?: number | undefined;
  readonly log?: Log | undefined;
}

/** What the threads are told. */
export interface ThreadTask {
  readonly module: string;
  readonly options: { source: string; drain: string; track: string; reqthread: number };
}

/** A worker that works until it is stopped. */
export interface RunningWorker extends AsyncDisposable {
  /** What all its threads have done. */
  readonly counts: WorkCounts;
  /** Settles when the stream has ended, or when it has been stopped; rejects when a thread failed. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Runs a handler on the frames that a Streamer (with `mapreduce`) gives, and hands on what it returns: a new `meta`, another
 * JPEG as `buf`, both, or `null` for a frame that goes no further.
 *
 * A function runs in this thread. The URL of a module whose default export is such a function runs on threads of their own,
 * so that several cores work; on one machine the endpoints may be `inproc://NAME`.
 *
 * @throws {ThingError} `BAD_ARGUMENT`, `PROGRAM_MISSING`.
 */
export async function createWorker(
  options: CreateWorkerOptions,
  handler: FrameHandler | URL,
): Promise<RunningWorker> {
  const { track = "none", reqthread = 3, threads = 1, log = silentLog, source, drain } = options;
  requireCount("threads", threads);
  if (handler instanceof URL) {
    const task = { module: handler.href, options: { source, drain, track, reqthread } };
    return ThreadedWorker.start(task, threads, log);
  }
  if (threads > 1) {
    throw new ThingError(
      "BAD_ARGUMENT",
      "A function runs in this thread alone. For several threads put it into a module, and give its URL: new URL('./handler.js', import.meta.url).",
    );
  }
  const workshop = new Workshop({ source, drain, track, reqthread, log }, handler);
  await workshop.start();
  return workshop;
}

/** Threads that each have a Worker of their own. */
class ThreadedWorker implements RunningWorker {
  readonly ended: Promise<void>;
  readonly #threads: readonly Thread[];
  readonly #counts = new Map<Thread, WorkCounts>();

  private constructor(threads: readonly Thread[], log: Log) {
    this.#threads = threads;
    for (const thread of threads) {
      thread.on("message", ({ counts, warning }: ThreadReport) => {
        if (counts) this.#counts.set(thread, counts);
        if (warning !== undefined) log.warn(warning);
      });
    }
    this.ended = Promise.all(threads.map(endOf)).then(() => {});
    this.ended.catch(() => {});
  }

  static async start(task: ThreadTask, count: number, log: Log): Promise<ThreadedWorker> {
    const file = new URL("./worker-thread.js", import.meta.url);
    const threads = Array.from({ length: count }, () => new Thread(file, { workerData: task }));
    const worker = new ThreadedWorker(threads, log);
    try {
      await Promise.all(threads.map(readyOf));
    } catch (error) {
      await worker.stop();
      throw error;
    }
    return worker;
  }

  get counts(): WorkCounts {
    const sum = (name: keyof WorkCounts) =>
      [...this.#counts.values()].reduce((total, counts) => total + counts[name], 0);
    return {
      received: sum("received"),
      sent: sum("sent"),
      dropped: sum("dropped"),
      failed: sum("failed"),
    };
  }

  async stop(): Promise<void> {
    for (const thread of this.#threads) thread.postMessage("stop");
    await this.ended.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** What a thread tells. */
export interface ThreadReport {
  readonly ready?: boolean;
  readonly counts?: WorkCounts;
  readonly warning?: string;
}

function readyOf(thread: Thread): Promise<void> {
  return new Promise((resolve, reject) => {
    thread.on("message", ({ ready }: ThreadReport) => ready && resolve());
    endOf(thread).then(() => reject(failed("it ended")), reject);
  });
}

function endOf(thread: Thread): Promise<void> {
  return new Promise((resolve, reject) => {
    thread.once("error", (error) => reject(failed(messageOf(error), error)));
    thread.once("exit", () => resolve());
  });
}

function failed(reason: string, cause?: unknown): ThingError {
  return new ThingError("SOURCE_FAILED", `A worker's thread failed: ${reason}`, { cause });
}
