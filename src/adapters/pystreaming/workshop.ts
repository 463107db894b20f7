import { messageOf } from "../../base/errors.ts";
import { silentLog } from "../../base/log.ts";
import { Complaints } from "../complaints.ts";
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

/** A Worker, and the handler that works in it. */
export class Workshop implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #handler: FrameHandler;
  readonly #complaints: Complaints;
  #ended: Promise<void> = Promise.resolve();

  constructor(
    { source, drain, ...options }: WorkerOptions & { source: string; drain: string },
    handler: FrameHandler,
  ) {
    this.#worker = new Worker(source, drain, { ...options, patienceMs: PATIENCE_MS });
    this.#handler = handler;
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
    this.#ended = this.#work();
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
      const outcome = await this.#outcomeOf(packet);
      if (outcome === null || !this.#worker.started) continue;
      const { meta = packet.meta, buf = packet.buf } = outcome ?? {};
      await this.#send({ meta, buf, ftime: packet.ftime, fno: packet.fno });
    }
  }

  /** One frame's failure stays its own. */
  async #outcomeOf(packet: Packet): Promise<Outcome> {
    try {
      return await this.#handler(packet);
    } catch (error) {
      this.#complain(packet.fno, error);
      return null;
    }
  }

  async #send(packet: Parameters<Worker["send"]>[0]): Promise<void> {
    try {
      await this.#worker.send(packet);
    } catch (error) {
      this.#complain(packet.fno, error);
    }
  }

  #complain(fno: number, error: unknown): void {
    const why = `The handler of a worker failed on frame ${fno}: ${messageOf(error)}`;
    this.#complaints.add("handler", why);
  }
}
