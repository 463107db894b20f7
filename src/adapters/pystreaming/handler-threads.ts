import { Worker as Thread } from "node:worker_threads";
import { messageOf, ThingError } from "../../base/errors.ts";
import { moduleUrl } from "../../base/package-root.ts";
import type { Packet, PacketFields } from "./packet.ts";
import type { Outcome } from "./workshop.ts";

/** A message to a thread, and its reply. */
export type ThreadFrame = PacketFields;
export type ThreadAnswer =
  | { readonly ready: true }
  | { readonly outcome: Outcome }
  | { readonly error: string };

/**
 * Threads that each run a handler on one frame at a time. Only frames and replies are exchanged: the sockets stay in this
 * thread, since npm's zeromq does not survive threads that end (zeromq.js issue 411).
 */
export class HandlerThreads {
  /** Rejects when a thread failed. */
  readonly failure: Promise<never>;
  readonly #threads: readonly Thread[];
  readonly #free: Thread[] = [];
  readonly #waiting = new Map<Thread, (answer: ThreadAnswer) => void>();
  #stopped = false;
  #fail: (error: Error) => void = () => {};

  private constructor(threads: readonly Thread[]) {
    this.#threads = threads;
    this.failure = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    this.failure.catch(() => {}); // reported to those that await it
    for (const thread of threads) {
      thread.on("message", (answer: ThreadAnswer) => this.#answered(thread, answer));
      thread.on("error", (error) => this.#failed(thread, messageOf(error), error));
      thread.on("exit", () => this.#failed(thread, "it has ended."));
    }
  }

  /** @throws {ThingError} `SOURCE_FAILED` if the module cannot be loaded or does not export a function. */
  static async start(module: URL, count: number): Promise<HandlerThreads> {
    const file = moduleUrl("src/adapters/pystreaming/handler-thread");
    const make = () => new Thread(file, { workerData: module.href });
    const pool = new HandlerThreads(Array.from({ length: count }, make));
    try {
      const ready = pool.#threads.map((thread) => pool.#answerOf(thread));
      await Promise.race([Promise.all(ready), pool.failure]);
    } catch (error) {
      await pool.stop();
      throw error;
    }
    return pool;
  }

  /** Runs the handler on a free thread. At most as many calls as threads may be pending. */
  async handle({ buf, meta, ftime, fno }: Packet): Promise<Outcome> {
    const thread = this.#free.pop();
    if (!thread) throw failed("all are busy.");
    const answered = this.#answerOf(thread);
    const frame: ThreadFrame = { buf, meta, ftime, fno };
    thread.postMessage(frame);
    const answer = await answered;
    if ("error" in answer) throw new Error(answer.error);
    return "outcome" in answer ? answer.outcome : undefined;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  #answerOf(thread: Thread): Promise<ThreadAnswer> {
    return new Promise((resolve) => this.#waiting.set(thread, resolve));
  }

  #answered(thread: Thread, answer: ThreadAnswer): void {
    this.#free.push(thread);
    this.#waiting.get(thread)?.(answer);
    this.#waiting.delete(thread);
  }

  #failed(thread: Thread, reason: string, cause?: unknown): void {
    if (this.#stopped) return;
    this.#fail(failed(reason, cause));
    this.#waiting.get(thread)?.({ error: `the thread failed: ${reason}` });
    this.#waiting.delete(thread);
  }
}

function failed(reason: string, cause?: unknown): ThingError {
  return new ThingError("SOURCE_FAILED", `A worker's thread failed: ${reason}`, { cause });
}
