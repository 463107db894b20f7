import { now } from "../../base/clock.ts";
import { ThingError } from "../../base/errors.ts";
import type { FrameSink } from "../../frames/frame-source.ts";
import { MAX_JPEG_BYTES } from "../../frames/jpeg/jpeg.ts";
import { capturedAtOf } from "./frame-clock.ts";
import type { V4l2FrameInfo } from "./frame-head.ts";
import type { MessageTaker } from "./message-reader.ts";
import { jpegOf, LARGEST_RAW, RawPictures } from "./raw-pictures.ts";

/** A picture that was taken beside the stream. */
export interface V4l2Still {
  readonly jpeg: Uint8Array;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** On the clock of `now()`, ms. */
  readonly capturedAt: number;
}

interface Timed extends V4l2FrameInfo {
  /** On the clock of `now()`, ms. */
  readonly capturedAt: number;
}

const DRIVER_LOST = "the driver's frame numbers have a gap";
const REPLACED = "a newer one replaced it before the server took it, or it was empty";
const DAMAGED = "the driver flagged it as damaged: USB lost a part of it";
const JPEG = "JPEG";

/** Where the frames of a device go: into the sink of whoever runs it, and to whoever waits for a still. */
export class DeviceFrames implements Pick<MessageTaker, "memoryFor" | "frame"> {
  /** Since it was made. */
  readonly counts = { lost: 0, replaced: 0, damaged: 0 };
  #sink: FrameSink | undefined;
  readonly #raw: RawPictures<Timed>;
  /** Of the frames of the stream. */
  #size = "";
  #still: ((info: V4l2FrameInfo, payload: Uint8Array) => void) | undefined;

  constructor() {
    this.#raw = new RawPictures<Timed>({
      encoded: ({ capturedAt }, jpeg) => void this.#sink?.take({ jpeg, capturedAt }),
      refused: (_, why) => this.#sink?.lost({ what: "lost", count: 1, why }),
    });
  }

  /** Gives frames to `sink` from now on. @returns How to end that. */
  into(sink: FrameSink): () => void {
    if (this.#sink) throw new ThingError("LOCK_BUSY", "The camera streams already.");
    this.#sink = sink;
    return () => {
      if (this.#sink === sink) this.#sink = undefined;
    };
  }

  memoryFor(info: V4l2FrameInfo, bytes: number): Uint8Array | undefined {
    this.#noteLosses(info);
    if (info.still !== undefined && this.#still)
      return bytes <= MAX_JPEG_BYTES ? new Uint8Array(bytes) : undefined;
    const sink = this.#sink;
    if (!sink?.hasRoom || info.error) return undefined;
    const memory = info.fourcc === JPEG ? sink.room(bytes) : this.#raw.room(bytes);
    if (!memory && sink.hasRoom) sink.lost(tooLarge(info, bytes));
    return memory;
  }

  frame(info: V4l2FrameInfo, payload: Uint8Array): void {
    const arrivedAt = now();
    const capturedAt = capturedAtOf(info.time ?? 0, info.clock, arrivedAt) ?? arrivedAt;
    if (info.still !== undefined && this.#still) {
      this.#still(info, payload);
      const isOfStream = info.fourcc === JPEG && sizeOf(info) === this.#size;
      if (isOfStream) this.#sink?.take({ jpeg: payload, capturedAt });
      return;
    }
    this.#size = sizeOf(info);
    if (info.fourcc === JPEG) this.#sink?.take({ jpeg: payload, capturedAt });
    else this.#raw.take({ ...info, capturedAt }, payload);
  }

  /** The device changes its mode: for a while it gives no frames. @returns How to end that. */
  expectGap(): () => void {
    return this.#sink?.expectSilence?.() ?? (() => {});
  }

  /** Waits for the picture of a command `still`, of which there is one at a time. */
  nextStill(): { picture(): Promise<V4l2Still>; forget(): void } {
    if (this.#still)
      throw new ThingError("LOCK_BUSY", "Another still is being taken. Try again when it is done.");
    let found: { info: V4l2FrameInfo; payload: Uint8Array; arrivedAt: number } | undefined;
    const take = (info: V4l2FrameInfo, payload: Uint8Array) => {
      found = { info, payload, arrivedAt: now() };
    };
    this.#still = take;
    return {
      picture: async () => {
        if (!found) throw new ThingError("NO_FRAME", "The camera gave no picture. Try again.");
        const { info, payload, arrivedAt } = found;
        const { width, height, time, clock, fourcc } = info;
        const jpeg = fourcc === JPEG ? payload : await jpegOf(info, payload);
        const capturedAt = capturedAtOf(time ?? 0, clock, arrivedAt) ?? arrivedAt;
        return { jpeg, width, height, capturedAt };
      },
      forget: () => {
        if (this.#still === take) this.#still = undefined;
      },
    };
  }

  #noteLosses({ lost, replaced, error }: V4l2FrameInfo): void {
    this.counts.lost += lost;
    this.counts.replaced += replaced;
    this.counts.damaged += error ? 1 : 0;
    const losses = [
      [lost, DRIVER_LOST],
      [replaced, REPLACED],
      [error ? 1 : 0, DAMAGED],
    ] as const;
    for (const [count, why] of losses)
      if (count > 0) this.#sink?.lost({ what: "lost", count, why });
  }
}

function tooLarge({ fourcc, width, height }: V4l2FrameInfo, bytes: number) {
  const limit = fourcc === JPEG ? "than the stream accepts" : `than ${LARGEST_RAW} bytes`;
  const why = `a picture of ${width} x ${height} in ${fourcc} has ${bytes} bytes, more ${limit}`;
  return { what: "refused", count: 1, why } as const;
}

function sizeOf({ width, height }: V4l2FrameInfo): string {
  return `${width}x${height}`;
}
