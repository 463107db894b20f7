import type { Dealer, Push } from "zeromq";
import { codeOf, messageOf, ThingError } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import { Complaints } from "../complaints.ts";
import { Credits } from "./credits.ts";
import { requireEndpoint } from "./endpoint.ts";
import { Lanes } from "./lanes.ts";
import {
  FRAMEMISS,
  fieldsOf,
  Packet,
  type PacketFields,
  partsOf,
  STOPSTREAM,
  TRACKMISS,
} from "./packet.ts";
import { PacketQueue } from "./packet-queue.ts";
import { MAX_PART_BYTES } from "./receiver.ts";
import { requireCount } from "./streamer.ts";
import { zeroMQ } from "./zeromq.ts";

/** Options of a Worker. */
export interface WorkerOptions {
  /** The Streamer's queue whose frames it takes. Default `none`. */
  readonly track?: string | undefined;
  /** How many frames it requests at once, and so how many may wait for its handler. Default 3. */
  readonly reqthread?: number | undefined;
  /** How many pictures are decoded at once when their `arr` is read. Default 2. */
  readonly decproc?: number | undefined;
  /** How long `send` waits for a full drain, ms. Default 0, as in Python. */
  readonly patienceMs?: number | undefined;
  readonly log?: Log | undefined;
}

/** Counters of a Worker. */
export interface WorkerCounts {
  readonly received: number;
  readonly sent: number;
  /** Frames that the drain had no room for. */
  readonly dropped: number;
  /** Messages that were not frames. */
  readonly refused: number;
}

/** Frames queued for the Receiver. */
const FRAMES_AHEAD = 10;

/** Takes frames from a Streamer, and sends processed ones to a Receiver: pystreaming's `Worker`. */
export class Worker {
  readonly #source: string;
  readonly #drain: string;
  readonly #options: WorkerOptions;
  readonly #lanes: Lanes;
  readonly #complaints: Complaints;
  #open: Open | undefined;
  #received = 0;
  #sent = 0;
  #dropped = 0;
  #sending = false;

  /**
   * @param source - The Streamer's endpoint.
   * @param drain - The Receiver's endpoint.
   * @throws {ThingError} `BAD_ARGUMENT`
   */
  constructor(source: string, drain: string, options: WorkerOptions = {}) {
    requireEndpoint(source);
    requireEndpoint(drain);
    const { reqthread = 3, decproc = 2 } = options;
    requireCount("reqthread", reqthread);
    requireCount("decproc", decproc);
    this.#source = source;
    this.#drain = drain;
    this.#options = options;
    this.#lanes = new Lanes(decproc);
    this.#complaints = new Complaints(options.log ?? silentLog);
  }

  get started(): boolean {
    return this.#open !== undefined;
  }

  get counts(): WorkerCounts {
    const { frame = 0 } = this.#complaints.counts;
    return { received: this.#received, sent: this.#sent, dropped: this.#dropped, refused: frame };
  }

  /** @throws {ThingError} `PROGRAM_MISSING` without npm's zeromq. */
  async start(): Promise<void> {
    if (this.#open) return;
    const { Dealer: Source, Push: Drain } = zeroMQ();
    const { track = "none", reqthread = 3, patienceMs = 0 } = this.#options;
    const both = { linger: 0, reconnectInterval: 100 };
    const source = new Source({
      ...{ ...both, sendTimeout: 0, sendHighWaterMark: 2 * reqthread },
      ...{ maxMessageSize: MAX_PART_BYTES, heartbeatInterval: 2000, heartbeatTimeout: 6000 },
    });
    const drain = new Drain({ ...both, sendHighWaterMark: FRAMES_AHEAD, sendTimeout: patienceMs });
    source.connect(this.#source);
    drain.connect(this.#drain);
    const queue = new PacketQueue(Number.POSITIVE_INFINITY); // bounded by the credits
    // A request as a REQ socket would send it: an empty part, and the name of the track.
    const ask = () => source.send(["", track]).catch(() => {});
    const credits = new Credits(reqthread, ask);
    this.#open = { source, drain, queue, credits, ended: new AbortController() };
    void this.#read(this.#open);
  }

  async stop(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    if (!open) return;
    open.ended.abort();
    open.credits.stop();
    open.source.close();
    open.drain.linger = 200; // for the last frames
    open.drain.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Frames for this Worker, until `stop` or until the Streamer ends the stream. For one reader at a time.
   * @throws {ThingError} `NOT_READY` before the start; `BAD_ARGUMENT` when the Streamer has no such track.
   */
  get handler(): AsyncGenerator<Packet, void> {
    if (!this.#open) {
      throw new ThingError("NOT_READY", "Start the Worker before reading its frames.");
    }
    return this.#packets(this.#open);
  }

  /**
   * Sends a frame on: its JPEG and metadata, not its pixels.
   * @returns False if the drain is full: the frame is dropped and counted.
   * @throws {ThingError} `NOT_READY` before the start, `BAD_MESSAGE` for a `meta` that is not made of plain values.
   */
  async send(data: PacketFields): Promise<boolean> {
    const drain = this.#open?.drain;
    if (!drain) throw new ThingError("NOT_READY", "Start the Worker before sending frames.");
    const parts = partsOf(data);
    if (this.#sending) return this.#drop(); // one waits already
    this.#sending = true;
    try {
      await drain.send(parts);
      this.#sent++;
      return true;
    } catch (error) {
      if (codeOf(error) === "EAGAIN" || drain.closed) return this.#drop();
      throw error;
    } finally {
      this.#sending = false;
    }
  }

  #drop(): boolean {
    this.#dropped++;
    return false;
  }

  async *#packets({ queue, credits, ended }: Open): AsyncGenerator<Packet, void> {
    for await (const packet of queue.packets(ended.signal)) {
      credits.taken();
      yield packet;
    }
  }

  async #read({ source, queue, credits }: Open): Promise<void> {
    credits.start();
    try {
      for await (const [, ...parts] of source) {
        const fields = this.#fieldsOf(parts);
        if (fields && fields.fno >= 0) {
          this.#received++;
          credits.answered();
          queue.push(new Packet(fields, this.#lanes));
        } else if (fields?.fno === STOPSTREAM) {
          queue.end();
          return credits.stop();
        } else if (fields?.fno === TRACKMISS) {
          queue.fail(this.#unknownTrack());
          return credits.stop();
        } else {
          credits.refused(fields?.fno === FRAMEMISS);
        }
      }
    } catch (error) {
      if (!source.closed) queue.fail(new ThingError("SOURCE_FAILED", messageOf(error)));
    }
  }

  #fieldsOf(parts: readonly Uint8Array[]): PacketFields | undefined {
    try {
      return fieldsOf(parts);
    } catch (error) {
      this.#complaints.add(
        "frame",
        `${this.#source} sent a message that is not a frame: ${messageOf(error)}`,
      );
      return undefined;
    }
  }

  #unknownTrack(): ThingError {
    const { track = "none" } = this.#options;
    return new ThingError(
      "BAD_ARGUMENT",
      `The Streamer at ${this.#source} has no track '${track}'. Use one of the tracks that the Streamer was created with.`,
    );
  }
}

interface Open {
  readonly source: Dealer;
  readonly drain: Push;
  readonly queue: PacketQueue;
  readonly credits: Credits;
  readonly ended: AbortController;
}
