import type { Publisher, Subscriber } from "zeromq";
import { wallTime } from "../../base/clock.ts";
import { messageOf as sentenceOf, ThingError } from "../../base/errors.ts";
import { silentLog } from "../../base/log.ts";
import { Complaints } from "../complaints.ts";
import { BoundSocket, HANDSHAKE_MS } from "./bound-socket.ts";
import { type EndpointOptions, requireEndpoint } from "./endpoint.ts";
import { type Message, messageOf, send } from "./interface.ts";
import type { NdArray } from "./nd-array.ts";
import { codeOf, zeroMQ } from "./zeromq.ts";

/** A piece of sound, or any other array, as it travels. */
export interface AudioPacket extends Message {
  readonly arr: NdArray;
}

/** Pieces that wait for each receiver at most. */
const PIECES_AHEAD = 100;
const MAX_PART_BYTES = 16 * 2 ** 20;

/** Sends sound, piece by piece, to all who listen: pystreaming's `AudioStreamer`. */
export class AudioStreamer {
  readonly #endpoint: string;
  readonly #options: EndpointOptions;
  #bound: BoundSocket<Publisher> | undefined;
  #fno = 0;
  #stopped = false;

  /** @throws {ThingError} `BAD_ARGUMENT` for what is no endpoint. */
  constructor(endpoint: string, options: EndpointOptions = {}) {
    requireEndpoint(endpoint);
    this.#endpoint = endpoint;
    this.#options = options;
  }

  /** Where it is bound, once it is started. */
  get endpoint(): string {
    return this.#bound?.endpoint ?? this.#endpoint;
  }

  /** @throws {ThingError} `PORT_IN_USE`, `BAD_ARGUMENT`, `PROGRAM_MISSING`. */
  async start(): Promise<void> {
    if (this.#bound) return;
    this.#stopped = false;
    const { Publisher: Socket } = zeroMQ();
    const socket = new Socket({
      ...{ linger: 0, sendHighWaterMark: PIECES_AHEAD, sendTimeout: 0 },
      ...{ handshakeInterval: HANDSHAKE_MS, maxMessageSize: 1024 },
    });
    this.#bound = await BoundSocket.open(socket, this.#endpoint, this.#options);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const bound = this.#bound;
    this.#bound = undefined;
    await bound?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Sends a piece, starting if that has never been done.
   * @returns Its number.
   * @throws {ThingError} `NOT_READY` after `stop`, and what `start` throws.
   */
  async send(arr: NdArray, meta: Message["meta"] = null): Promise<number> {
    if (!this.#stopped) await this.start();
    if (!this.#bound) throw new ThingError("NOT_READY", "Start the AudioStreamer before sending.");
    const { socket } = this.#bound;
    const message = { arr, meta, ftime: wallTime() / 1000, fno: this.#fno++ };
    await send({ socket, ...message });
    return message.fno;
  }
}

/** Receives sound from an AudioStreamer: pystreaming's `AudioReceiver`. */
export class AudioReceiver {
  readonly #endpoint: string;
  readonly #complaints: Complaints;
  readonly #socket: Subscriber;

  /** Connects at once. @throws {ThingError} `BAD_ARGUMENT`, `PROGRAM_MISSING`. */
  constructor(endpoint: string, { log = silentLog }: Pick<EndpointOptions, "log"> = {}) {
    requireEndpoint(endpoint);
    const { Subscriber: Socket } = zeroMQ();
    this.#endpoint = endpoint;
    this.#complaints = new Complaints(log);
    this.#socket = new Socket({
      ...{ linger: 0, receiveHighWaterMark: PIECES_AHEAD, maxMessageSize: MAX_PART_BYTES },
    });
    this.#socket.connect(endpoint);
    this.#socket.subscribe("");
  }

  /** Messages that were no sound. */
  get refused(): number {
    return this.#complaints.counts.message ?? 0;
  }

  async stop(): Promise<void> {
    this.#socket.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** The next piece. @throws {ThingError} `NO_FRAME` when none comes in `timeoutMs` milliseconds; `BAD_MESSAGE`. */
  async recv(timeoutMs: number): Promise<AudioPacket> {
    this.#socket.receiveTimeout = timeoutMs;
    try {
      return audioOf(await this.#socket.receive());
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") throw error;
      const why = `${this.#endpoint} sent nothing for ${timeoutMs} ms. Is its AudioStreamer running?`;
      throw new ThingError("NO_FRAME", why);
    }
  }

  /** Pieces as they come, until `stop`. For one reader at a time. */
  get handler(): AsyncGenerator<AudioPacket, void> {
    return this.#pieces();
  }

  async *#pieces(): AsyncGenerator<AudioPacket, void> {
    this.#socket.receiveTimeout = -1;
    for await (const parts of this.#socket) {
      const piece = this.#audioIn(parts);
      if (piece) yield piece;
    }
  }

  #audioIn(parts: readonly Uint8Array[]): AudioPacket | undefined {
    try {
      return audioOf(parts);
    } catch (error) {
      const why = `${this.#endpoint} sent what is no sound: ${sentenceOf(error)}`;
      this.#complaints.add("message", why);
      return undefined;
    }
  }
}

function audioOf(parts: readonly Uint8Array[]): AudioPacket {
  return messageOf(parts, { arr: true, buf: false }) as AudioPacket;
}
