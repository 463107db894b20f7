import { messageOf } from "../../base/errors.ts";
import { silentLog } from "../../base/log.ts";
import { Complaints } from "../complaints.ts";
import { Lanes } from "./lanes.ts";
import type { Packet } from "./packet.ts";
import type { PythonValue } from "./python-value.ts";
import { Worker, type WorkerOptions } from "./worker.ts";

/** A handler's result: omitted fields are unchanged; `null` drops the frame. */
export type Outcome = { readonly meta?: PythonValue; readonly buf?: Uint8Array } | null | undefined;

/** Processes a frame; its pixels are `await frame.arr`. */
export type FrameHandler = (frame: Packet) => Outcome | Promise<Outcome>;

/** Counters of a worker. */
export interface WorkCounts {
  readonly received: number;
  readonly sent: number;
  /** Frames that the drain had no room for. */
  readonly dropped: number;
  /** Frames on which the handler failed. */
  readonly failed: number;
}

/** How long a frame waits for a full drain before it is dropped, ms: this slows workers down first. */
const PATIENCE_MS = 1000;

/** The threads of a handler module. */
interface Pool {
  readonly failure: Promise<never>;
  stop(): Promise<void>;
}

/** Runs a handler on the frames of a Worker. */
export class Workshop implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #handler: FrameHandler;
  readonly #concurrency: number;
  readonly #pool: Pool | undefined;
  readonly #complaints: Complaints;
  readonly #working = new Set<Promise<void>>();
  /** Frames wait for the drain one at a time. */
  readonly #drain = new Lanes(1);
  #ended: Promise<void> = Promise.resolve();

  /** @param concurrency - How many frames may be worked on at once. */
  constructor(
    { source, drain, ...options }: WorkerOptions & { source: string; drain: string },
    handler: FrameHandler,
    { concurrency, pool }: { concurrency: number; pool: Pool | undefined },
  ) {
    this.#worker = new Worker(source, drain, { ...options, patienceMs: PATIENCE_MS });
    this.#handler = handler;
    this.#concurrency = concurrency;
    this.#pool = pool;
    this.#complaints = new Complaints(options.log ?? silentLog);
  }

  get counts(): WorkCounts {
    const { received, sent, dropped } = this.#worker.counts;
    return { received, sent, dropped, failed: this.#complaints.counts.handler ?? 0 };
  }

  get ended(): Promise<void> {
    return this.#ended;
  }

  async start(): Promise<void> {
    await this.#worker.start();
    const working = this.#work();
    const ended = this.#pool ? Promise.race([working, this.#pool.failure]) : working;
    this.#ended = ended.finally(() => this.#clear());
    this.#ended.catch(() => {}); // reported to those that await it
  }

  async stop(): Promise<void> {
    await this.#worker.stop();
    await this.#ended.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #work(): Promise<void> {
    for await (const packet of this.#worker.handler) {
      const handling = this.#handle(packet);
      this.#working.add(handling);
      void handling.finally(() => this.#working.delete(handling));
      while (this.#working.size >= this.#concurrency) await Promise.race(this.#working);
    }
    await Promise.all(this.#working);
  }

  /** A failure affects one frame only. */
  async #handle(packet: Packet): Promise<void> {
    try {
      const outcome = await this.#handler(packet);
      if (outcome === null || !this.#worker.started) return;
      const { meta = packet.meta, buf = packet.buf } = outcome ?? {};
      const result = { meta, buf, ftime: packet.ftime, fno: packet.fno };
      await this.#drain.run(() => this.#worker.send(result));
    } catch (error) {
      const why = `The handler of a worker failed on frame ${packet.fno}: ${messageOf(error)}`;
      this.#complaints.add("handler", why);
    }
  }

  async #clear(): Promise<void> {
    await this.#worker.stop();
    await this.#pool?.stop();
  }
}
