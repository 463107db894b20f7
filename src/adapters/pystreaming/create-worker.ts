import { ThingError } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import { HandlerThreads } from "./handler-threads.ts";
import { requireCount } from "./streamer.ts";
import { type FrameHandler, type WorkCounts, Workshop } from "./workshop.ts";

/** Options of `createWorker`. */
export interface CreateWorkerOptions {
  /** The Streamer's endpoint. */
  readonly source: string;
  /** The Receiver's endpoint. */
  readonly drain: string;
  readonly track?: string | undefined;
  /** How many frames are requested at once. Default 3 for each thread. */
  readonly reqthread?: number | undefined;
  /** How many threads run a handler module. Default 1. */
  readonly threads?: number | undefined;
  readonly log?: Log | undefined;
}

/** A worker that runs until it is stopped. */
export interface RunningWorker extends AsyncDisposable {
  /** Frames received, sent and lost. */
  readonly counts: WorkCounts;
  /** Resolves when the stream has ended or the worker was stopped; rejects when a thread or a socket failed. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Runs a handler on the frames of a Streamer (with `mapreduce`), and sends on what it returns: a new `meta`, another JPEG as
 * `buf`, both, or `null` to drop the frame.
 *
 * A function runs in this thread, one frame after another. A module, given by URL, whose default export is such a function runs
 * on separate threads and can use several cores.
 *
 * @throws {ThingError} `BAD_ARGUMENT`; `SOURCE_FAILED` for a module that cannot be loaded; `PROGRAM_MISSING`.
 */
export async function createWorker(
  options: CreateWorkerOptions,
  handler: FrameHandler | URL,
): Promise<RunningWorker> {
  const { track, threads = 1, log = silentLog, source, drain } = options;
  requireCount("threads", threads);
  const isModule = handler instanceof URL;
  if (!isModule && threads > 1) {
    throw new ThingError(
      "BAD_ARGUMENT",
      "A function can run in this thread only. For several threads, put it into a module and pass its URL: new URL('./handler.js', import.meta.url).",
    );
  }
  const { reqthread = 3 * threads } = options;
  const pool = isModule ? await HandlerThreads.start(handler, threads) : undefined;
  const work: FrameHandler = isModule ? (frame) => pool!.handle(frame) : handler;
  const workshop = new Workshop({ source, drain, track, reqthread, log }, work, {
    concurrency: threads,
    pool,
  });
  await workshop.start();
  return workshop;
}
