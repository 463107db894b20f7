import { messageOf } from "../../base/errors.ts";
import { silentLog } from "../../base/log.ts";
import { Complaints } from "../complaints.ts";
import { Lanes } from "./lanes.ts";
import type { Packet } from "./packet.ts";
import type { PythonValue } from "./python-value.ts";
import { Worker, type WorkerOptions } from "./worker.ts";

/** What a handler makes of a frame: what is not named stays as it was; `null` is a frame that goes no further. */
export type Outcome = { readonly meta?: PythonValue; readonly buf?: Uint8Array } | null | undefined;

/** Looks at a frame; its pixels are `await frame.arr`. */
export type FrameHandler = (frame: Packet) => Outcome | Promise<Outcome>;

/** What a worker has done, and what was lost in it. */
export interface WorkCounts {
  readonly received: number;
  readonly sent: number;
  /** Frames that the drain had no room for. */
  readonly dropped: number;
  /** Frames on which the handler failed. */
  readonly failed: number;
}

/** How long a frame waits for a drain that is full before it is dropped, ms: workers are slowed down rather. */
const PATIENCE_MS = 1000;

/** Threads that the handler runs on, if it does. */
interface Pool {
  readonly failure: Promise<never>;
  stop(): Promise<void>;
}

/** A Worker, and the handler that works in it. */
export class Workshop implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #handler: FrameHandler;
  readonly #places: number;
  readonly #pool: Pool | undefined;
  readonly #complaints: Complaints;
  readonly #working = new Set<Promise<void>>();
  /** One waits for the drain at a time, the others for that one. */
  readonly #drain = new Lanes(1);
  #ended: Promise<void> = Promise.resolve();

  /** @param places - How many frames may be worked on at once. */
  constructor(
    { source, drain, ...options }: WorkerOptions & { source: string; drain: string },
    handler: FrameHandler,
    { places, pool }: { places: number; pool: Pool | undefined },
  ) {
    this.#worker = new Worker(source, drain, { ...options, patienceMs: PATIENCE_MS });
    this.#handler = handler;
    this.#places = places;
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
    this.#ended.catch(() => {}); // whoever asks for it is told
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
      while (this.#working.size >= this.#places) await Promise.race(this.#working);
    }
    await Promise.all(this.#working);
  }

  /** One frame's failure stays its own. */
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
