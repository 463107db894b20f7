import type { Pull, Subscriber } from "zeromq";
import { messageOf, reasonOf, ThingError } from "../../base/errors.ts";
import { silentLog } from "../../base/log.ts";
import { Complaints } from "../complaints.ts";
import { BoundSocket, HANDSHAKE_MS } from "./bound-socket.ts";
import { type EndpointOptions, requireEndpoint } from "./endpoint.ts";
import { FrameNumbers } from "./frame-numbers.ts";
import { Lanes } from "./lanes.ts";
import { fieldsOf, Packet } from "./packet.ts";
import { PacketQueue } from "./packet-queue.ts";
import { requireCount } from "./streamer.ts";
import { zeroMQ } from "./zeromq.ts";

/** Options of a Receiver. */
export interface ReceiverOptions extends EndpointOptions {
  /** How many pictures are decoded at once when their `arr` is read. Default 2. */
  readonly nproc?: number | undefined;
  /** Collects from Workers, which connect to its endpoint, instead of subscribing to a Streamer. */
  readonly mapreduce?: boolean | undefined;
  /** The largest part of a message that is accepted, bytes. Default 32 MiB. */
  readonly maxBytes?: number | undefined;
}

/** Counters of a Receiver. */
export interface ReceiverCounts {
  readonly received: number;
  /** Numbers between the first and the highest that have not arrived (yet). */
  readonly missing: number;
  readonly duplicates: number;
  /** Frames dropped because the reader was slow. */
  readonly skipped: number;
  /** Messages that were not frames. */
  readonly refused: number;
}

export const MAX_PART_BYTES = 32 * 2 ** 20;
/** Frames queued in the library, and for the reader. */
const FRAMES_AHEAD = 10;

/** Receives frames from a Streamer, or from Workers: pystreaming's `Receiver`. */
export class Receiver {
  readonly #endpoint: string;
  readonly #options: ReceiverOptions;
  readonly #lanes: Lanes;
  readonly #complaints: Complaints;
  readonly #numbers = new FrameNumbers();
  #queue = new PacketQueue(FRAMES_AHEAD);
  #skipped = 0;
  #received = 0;
  #open: { stop(): Promise<void>; endpoint: string; ended: AbortController } | undefined;

  /**
   * @param endpoint - The Streamer's, or with `mapreduce` the one that is bound here for Workers.
   * @throws {ThingError} `BAD_ARGUMENT`
   */
  constructor(endpoint: string, options: ReceiverOptions = {}) {
    const { nproc = 2, maxBytes = MAX_PART_BYTES } = options;
    requireEndpoint(endpoint);
    requireCount("nproc", nproc);
    requireCount("maxBytes", maxBytes);
    this.#endpoint = endpoint;
    this.#options = options;
    this.#lanes = new Lanes(nproc);
    this.#complaints = new Complaints(options.log ?? silentLog);
  }

  /** Its endpoint, with the actual port if port 0 or `*` was given. */
  get endpoint(): string {
    return this.#open?.endpoint ?? this.#endpoint;
  }

  get started(): boolean {
    return this.#open !== undefined;
  }

  get counts(): ReceiverCounts {
    const { frame = 0 } = this.#complaints.counts;
    const skipped = this.#skipped + this.#queue.dropped;
    return { received: this.#received, ...this.#numbers.counts, skipped, refused: frame };
  }

  /** How often the frames' numbering has restarted. */
  get run(): number {
    return this.#numbers.run;
  }

  /** @throws {ThingError} `PORT_IN_USE`, `BAD_ARGUMENT`; `PROGRAM_MISSING` without npm's zeromq. */
  async start(): Promise<void> {
    if (this.#open) return;
    const { socket, endpoint, close } = this.#options.mapreduce
      ? await this.#collector()
      : this.#subscriber();
    this.#skipped += this.#queue.dropped;
    this.#queue = new PacketQueue(FRAMES_AHEAD);
    const ended = new AbortController();
    const reading = this.#read(socket);
    const stop = async () => {
      ended.abort();
      await close();
      await reading;
    };
    this.#open = { stop, endpoint, ended };
  }

  async stop(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Frames as they arrive, until `stop`; a slow reader loses the oldest. For one reader at a time.
   * @throws {ThingError} `NOT_READY` before the start.
   */
  get handler(): AsyncGenerator<Packet, void> {
    if (!this.#open) {
      throw new ThingError("NOT_READY", "Start the Receiver before reading its frames.");
    }
    return this.#queue.packets(this.#open.ended.signal);
  }

  #subscriber() {
    const { Subscriber: Socket } = zeroMQ();
    const socket = new Socket({
      ...{ linger: 0, receiveHighWaterMark: FRAMES_AHEAD },
      ...{ maxMessageSize: this.#options.maxBytes ?? MAX_PART_BYTES },
      ...{ reconnectInterval: 100, heartbeatInterval: 2000, heartbeatTimeout: 6000 },
    });
    socket.connect(this.#endpoint);
    socket.subscribe("");
    return { socket, endpoint: this.#endpoint, close: async () => socket.close() };
  }

  async #collector() {
    const { Pull: Socket } = zeroMQ();
    const socket = new Socket({
      ...{ linger: 0, receiveHighWaterMark: FRAMES_AHEAD, handshakeInterval: HANDSHAKE_MS },
      ...{ maxMessageSize: this.#options.maxBytes ?? MAX_PART_BYTES },
    });
    const bound = await BoundSocket.open(socket, this.#endpoint, this.#options);
    return { socket, endpoint: bound.endpoint, close: () => bound.close() };
  }

  async #read(socket: Subscriber | Pull): Promise<void> {
    try {
      for await (const parts of socket) this.#take(parts);
    } catch (error) {
      if (!socket.closed) this.#queue.fail(failed(error));
    }
  }

  #take(parts: readonly Uint8Array[]): void {
    try {
      const fields = fieldsOf(parts);
      if (fields.fno < 0) return; // a Python stream marks its end by such a number
      if (!this.#numbers.add(fields.fno, fields.ftime)) return;
      this.#received++;
      this.#queue.push(new Packet(fields, this.#lanes));
    } catch (error) {
      this.#complaints.add(
        "frame",
        `${this.#endpoint} sent a message that is not a frame: ${messageOf(error)}`,
      );
    }
  }
}

function failed(error: unknown): ThingError {
  const message = `The Receiver's socket failed: ${reasonOf(error)}. Stop it and start it again.`;
  return new ThingError("SOURCE_FAILED", message, { cause: error });
}
