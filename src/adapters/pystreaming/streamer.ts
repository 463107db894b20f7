import { wallTime } from "../../base/clock.ts";
import { ThingError } from "../../base/errors.ts";
import { encodeJpeg } from "../../frames/codec/codec.ts";
import { inspectJpeg } from "../../frames/jpeg/jpeg.ts";
import type { RawImage } from "../../frames/pixels/pixel-formats.ts";
import { Distributor } from "./distributor.ts";
import { type EndpointOptions, requireEndpoint } from "./endpoint.ts";
import { Lanes } from "./lanes.ts";
import type { Outlet, OutletCounts } from "./outlet.ts";
import { dumps } from "./pickle-writer.ts";
import { Publisher } from "./publisher.ts";
import type { PythonValue } from "./python-value.ts";
import { showTestcard, type Testcard } from "./testcards.ts";

/** Options of a Streamer. */
export interface StreamerOptions extends EndpointOptions {
  /** Names of queues, each with every frame, for one group of workers. Default `["none"]`. */
  readonly tracks?: readonly string[] | undefined;
  /** How many raw pictures are encoded at once. Default 2. */
  readonly nproc?: number | undefined;
  /** Sends each frame to one Worker that asks, instead of to all subscribers. */
  readonly mapreduce?: boolean | undefined;
  /** JPEG quality of raw pictures, 1 to 100. Default 85. */
  readonly quality?: number | undefined;
}

/** Metadata of a frame that is sent. */
export interface SendOptions {
  /** Plain values that are sent with it. */
  readonly meta?: PythonValue;
  /** When it was captured, seconds since the Unix epoch. Default: now. */
  readonly ftime?: number | undefined;
}

/** Raw pictures that may wait in addition to those being encoded. */
const PICTURES_AHEAD = 3;

/** Sends video to Receivers, or to Workers: pystreaming's `Streamer`. */
export class Streamer {
  readonly #endpoint: string;
  readonly #options: StreamerOptions;
  readonly #nproc: number;
  readonly #lanes: Lanes;
  #outlet: Outlet | undefined;
  #nextFno = 0;
  #encoding = 0;
  #sent: Promise<void> = Promise.resolve();

  /**
   * @param endpoint - Where it is bound: `tcp://127.0.0.1:5555`. Other addresses than loopback need `insecure: true`.
   * @throws {ThingError} `BAD_ARGUMENT`
   */
  constructor(endpoint: string, options: StreamerOptions = {}) {
    const { tracks = ["none"], nproc = 2 } = options;
    requireEndpoint(endpoint);
    requireCount("nproc", nproc);
    requireTracks(tracks);
    this.#endpoint = endpoint;
    this.#options = options;
    this.#nproc = nproc;
    this.#lanes = new Lanes(nproc);
  }

  /** Where it is bound, with the actual port if port 0 or `*` was given. */
  get endpoint(): string {
    return this.#outlet?.endpoint ?? this.#endpoint;
  }

  get started(): boolean {
    return this.#outlet !== undefined;
  }

  /** Frames sent and lost since the start. */
  get counts(): OutletCounts {
    return this.#outlet?.counts ?? { sent: 0, overwritten: 0, refused: 0, peers: 0 };
  }

  /** @throws {ThingError} `PORT_IN_USE`, `BAD_ARGUMENT`; `PROGRAM_MISSING` without npm's zeromq. */
  async start(): Promise<void> {
    if (this.#outlet) return;
    const { tracks = ["none"], mapreduce = false } = this.#options;
    this.#outlet = mapreduce
      ? await Distributor.open(this.#endpoint, tracks, this.#options)
      : await Publisher.open(this.#endpoint, this.#options);
    this.#nextFno = 0;
  }

  async stop(): Promise<void> {
    const outlet = this.#outlet;
    this.#outlet = undefined;
    await outlet?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Sends a frame: a JPEG unchanged, or a raw picture, which is encoded. `null` ends the stream, and Workers stop.
   * @returns The frame's number, once it has been sent.
   * @throws {ThingError} `NOT_READY` before the start, and when pictures arrive faster than they can be encoded;
   *   `BAD_FRAME`, `BAD_SHAPE`, `BAD_MESSAGE`.
   */
  async send(frame: Uint8Array | RawImage | null, options: SendOptions = {}): Promise<number> {
    const outlet = this.#outlet;
    if (!outlet) {
      throw new ThingError("NOT_READY", "Start the Streamer before sending frames.");
    }
    const { meta = null, ftime = wallTime() / 1000 } = options;
    if (frame === null) {
      outlet.end();
      return -1;
    }
    if (frame instanceof Uint8Array) {
      const { length } = inspectJpeg(frame);
      const fno = this.#nextFno;
      // A copy: the frame may wait for a worker while its sender reuses the memory.
      outlet.offer({ buf: Uint8Array.prototype.slice.call(frame, 0, length), meta, ftime, fno });
      this.#nextFno++;
      return fno;
    }
    return this.#encode(outlet, frame, { meta, ftime });
  }

  /**
   * Sends a test card or photograph 30 times a second until `signal` aborts; if animated, it rotates by 3 degrees per frame.
   * Starts the Streamer if needed.
   * @throws {ThingError} `BAD_ARGUMENT` for a card that does not exist.
   */
  async testcard(
    card: Testcard,
    { animated = false, signal }: { animated?: boolean; signal?: AbortSignal } = {},
  ): Promise<void> {
    await this.start();
    await showTestcard(card, { animated, signal }, (jpeg) => this.send(jpeg));
  }

  async #encode(outlet: Outlet, frame: RawImage, fields: Required<SendOptions>): Promise<number> {
    if (this.#encoding >= this.#nproc + PICTURES_AHEAD) {
      throw new ThingError(
        "NOT_READY",
        `Pictures arrive faster than ${this.#nproc} encoders can compress them. Send fewer or smaller ones, increase nproc, or send JPEGs.`,
      );
    }
    const { quality } = this.#options;
    const { meta, ftime = 0 } = fields;
    dumps(meta); // invalid metadata must not use up a number
    const fno = this.#nextFno++;
    this.#encoding++;
    const encoded = this.#lanes.run(() => encodeJpeg(frame, { quality }));
    const before = this.#sent;
    const sending = (async () => {
      try {
        const buf = await encoded;
        await before; // in order, whichever encoder finishes first
        if (outlet === this.#outlet) outlet.offer({ buf, meta, ftime, fno });
      } finally {
        this.#encoding--;
      }
    })();
    this.#sent = sending.catch(() => {});
    await sending;
    return fno;
  }
}

/** @throws {ThingError} `BAD_ARGUMENT` unless it is a whole number from 1. */
export function requireCount(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new ThingError("BAD_ARGUMENT", `${name} must be a whole number from 1, not ${value}.`);
}

/** @throws {ThingError} `BAD_ARGUMENT` unless it is a list of at least one name. */
function requireTracks(tracks: readonly string[]): void {
  const isFine = Array.isArray(tracks) && tracks.length > 0 && tracks.every(isName);
  if (isFine) return;
  throw new ThingError(
    "BAD_ARGUMENT",
    'tracks must be a list of at least one name, such as ["none"].',
  );
}

function isName(name: unknown): boolean {
  return typeof name === "string" && name !== "";
}
