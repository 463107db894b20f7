import type { Frame } from "../../frames/frame.ts";
import {
  BLOCK_HEAD_BYTES,
  blockHead,
  type ClusterPlace,
  closingOf,
  clusterHead,
  clusterSize,
  type FileInfo,
  fileHead,
  type HeadPlaces,
  type Patch,
  TICKS_PER_MS,
} from "./matroska.ts";
import { readFileHead } from "./matroska-head.ts";

/** A cluster is as long as one second, and not longer than its blocks can count. */
const CLUSTER_TICKS = 1000 * TICKS_PER_MS;

/** A frame that has its place in the file. */
interface PlacedFrame {
  /** What is to be written, in order; the JPEG is the frame's own memory. */
  readonly pieces: readonly Uint8Array[];
  /** Where the JPEG stands in the file. */
  readonly offset: number;
  /** Where the file ends once this is written. */
  readonly end: number;
  readonly tick: number;
}

/**
 * The bytes of an MKV of JPEGs, frame by frame. Where they are written to is the matter of others.
 *
 * Every prefix of it can be played: clusters have no size until the next one begins, nor has the segment before it is
 * closed. Times are the frames' capture times to 0.1 ms; each frame has a tick of its own.
 */
export class MatroskaMjpeg {
  readonly head: Buffer;
  readonly info: FileInfo;
  readonly #places: HeadPlaces;
  readonly #clusters: ClusterPlace[] = [];
  #end: number;
  #firstTick: number | undefined;
  #lastTick = -1;
  #lastPeriod = 0;
  #frames = 0;

  constructor(info: FileInfo) {
    this.head = fileHead(info);
    const { info: asRead, places } = readFileHead(this.head);
    this.info = asRead; // times count from what a reader takes for time 0, which is rounded to microseconds
    this.#places = places;
    this.#end = this.head.length;
  }

  /** Bytes of the file with all frames that have been placed. */
  get end(): number {
    return this.#end;
  }

  /** Gives a frame the next place, and the size of the cluster before it if that ends here. */
  place({ capturedAt, jpeg }: Frame): PlacedFrame & { readonly patch?: Patch } {
    const tick = nextTick(capturedAt, this.info.timeZero, this.#lastTick);
    const before = this.#clusters.at(-1);
    const begins = !before || tick - before.tick >= CLUSTER_TICKS;
    const pieces: Uint8Array[] = [];
    const patch = begins && before ? clusterSize(before, this.#end) : undefined;
    if (begins) {
      const head = clusterHead(tick);
      pieces.push(head);
      this.#clusters.push({ at: this.#end, tick });
      this.#end += head.length;
    }
    pieces.push(blockHead(tick - this.#clusters.at(-1)!.tick, jpeg.length), jpeg);
    const offset = this.#end + BLOCK_HEAD_BYTES;
    this.#end = offset + jpeg.length;
    this.#lastPeriod = this.#firstTick === undefined ? 0 : tick - this.#lastTick;
    this.#firstTick ??= tick;
    this.#frames += 1;
    this.#lastTick = tick;
    return { pieces, offset, end: this.#end, tick, ...(patch && { patch }) };
  }

  /** Takes back what was placed after `end`, so many frames: they could not be written. */
  cutTo(end: number, lastTick: number, frames: number): void {
    while ((this.#clusters.at(-1)?.at ?? 0) >= end) this.#clusters.pop();
    this.#end = end;
    this.#lastTick = lastTick;
    this.#frames = frames;
  }

  /** What closes the file. */
  closing(): { cues: Buffer; patches: Patch[] } {
    return closingOf(this.#places, this.#clusters, this.#end, {
      frames: this.#frames,
      spanTicks: this.#lastTick - (this.#firstTick ?? this.#lastTick),
      lastTicks: this.#lastPeriod,
    });
  }
}

/** The time of a frame in a file, in ticks. */
export function tickOf(capturedAt: number, timeZero: number): number {
  return Math.max(0, Math.round((capturedAt - timeZero) * TICKS_PER_MS));
}

/** The same of the frame after another: no two frames have one. */
export function nextTick(capturedAt: number, timeZero: number, lastTick: number): number {
  return Math.max(tickOf(capturedAt, timeZero), lastTick + 1);
}
