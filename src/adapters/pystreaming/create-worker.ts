import { ThingError } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import { HandlerThreads } from "./handler-threads.ts";
import { requireCount } from "./streamer.ts";
import { type FrameHandler, type WorkCounts, Workshop } from "./workshop.ts";

/** Where a worker's frames come from and go to, and how many threads work. */
export interface CreateWorkerOptions {
  /** The Streamer's endpoint. */
  readonly source: string;
  /** The Receiver's. */
  readonly drain: string;
  readonly track?: string | undefined;
  /** How many frames are asked for at once; 3 for each thread unless given. */
  readonly reqthread?: number | undefined;
  /** How many threads run a handler that is a module; 1 unless given. */
  readonly threads?: number | undefined;
  readonly log?: Log | undefined;
}

/** A worker that works until it is stopped. */
export interface RunningWorker extends AsyncDisposable {
  /** What has come, and what was made of it. */
  readonly counts: WorkCounts;
  /** Settles when the stream has ended, or when it has been stopped; rejects when a thread or a socket failed. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Runs a handler on the frames that a Streamer (with `mapreduce`) gives, and hands on what it returns: a new `meta`, another
 * JPEG as `buf`, both, or `null` for a frame that goes no further.
 *
 * A function runs in this thread, one frame after another. The URL of a module whose default export is such a function runs
 * on threads of their own, so that several cores work.
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
      "A function runs in this thread alone. For several threads put it into a module, and give its URL: new URL('./handler.js', import.meta.url).",
    );
  }
  const { reqthread = 3 * threads } = options;
  const pool = isModule ? await HandlerThreads.start(handler, threads) : undefined;
  const work: FrameHandler = isModule ? (frame) => pool!.handle(frame) : handler;
  const workshop = new Workshop({ source, drain, track, reqthread, log }, work, {
    places: threads,
    pool,
  });
  await workshop.start();
  return workshop;
}
