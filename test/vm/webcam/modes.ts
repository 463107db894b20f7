/** One size of a format, with its intervals in units of 100 ns, the shortest first. */
export interface FrameSize {
  readonly width: number;
  readonly height: number;
  readonly intervals: readonly number[];
}

export type PixelFormat = "MJPG" | "YUYV";

export interface Format {
  readonly pixels: PixelFormat;
  readonly sizes: readonly FrameSize[];
}

/** What the device and the kernel have agreed on. */
export interface Mode {
  readonly pixels: PixelFormat;
  readonly width: number;
  readonly height: number;
  readonly interval: number;
}

const SECOND = 10_000_000;

/** As webcams have them: MJPEG in many sizes, and uncompressed pictures of the small ones. */
export const FORMATS: readonly Format[] = [
  {
    pixels: "MJPG",
    sizes: [
      size(640, 480, [30, 15, 5]),
      size(320, 240, [30, 15]),
      size(1280, 720, [30, 15]),
      size(1920, 1080, [15, 5]),
      size(2592, 1944, [2]),
    ],
  },
  { pixels: "YUYV", sizes: [size(320, 240, [30, 15]), size(640, 480, [15, 5])] },
];

/**
 * What one payload carries at most, with its head of {@link PAYLOAD_HEAD_BYTES}: the 32 packets of 512 bytes that uvcvideo
 * takes in one transfer.
 */
export const PAYLOAD_BYTES = 16_384;
export const PAYLOAD_HEAD_BYTES = 12;
/** Of the video probe and commit controls of UVC 1.0. */
const PROBE_BYTES = 26;

export function largestFrame({ width, height }: { width: number; height: number }): number {
  return width * height * 2;
}

/** Probe and commit: the kernel asks for a mode, and the device says which one it will have (UVC 1.5, 4.3.1.1). */
export class Negotiation {
  readonly #formats: readonly Format[];
  #probed: Buffer;
  #committed: Buffer;

  constructor(formats: readonly Format[]) {
    this.#formats = formats;
    this.#probed = this.#answerTo(Buffer.alloc(PROBE_BYTES));
    this.#committed = this.#probed;
  }

  get mode(): Mode {
    return this.#read(this.#committed).mode;
  }

  /** @param selector - 1: probe, 2: commit. */
  request(selector: number, request: number, data: Buffer): Uint8Array | undefined {
    if (request === 0x01) {
      this.#probed = this.#answerTo(data);
      if (selector === 2) this.#committed = this.#probed;
      return Buffer.alloc(0);
    }
    if (request === 0x85) return Buffer.from([PROBE_BYTES, 0]);
    if (request === 0x86) return Buffer.from([0b11]);
    if (request === 0x87) return this.#answerTo(Buffer.alloc(PROBE_BYTES));
    return selector === 2 ? this.#committed : this.#probed;
  }

  #answerTo(wanted: Buffer): Buffer {
    const { format, frame, mode } = this.#read(wanted);
    const answer = Buffer.alloc(PROBE_BYTES);
    answer.writeUInt16LE(1, 0);
    answer[2] = format + 1;
    answer[3] = frame + 1;
    answer.writeUInt32LE(mode.interval, 4);
    answer.writeUInt32LE(largestFrame(mode), 18);
    answer.writeUInt32LE(PAYLOAD_BYTES, 22);
    return answer;
  }

  #read(wanted: Buffer): { format: number; frame: number; mode: Mode } {
    const format = within((wanted[2] ?? 1) - 1, this.#formats.length);
    const { pixels, sizes } = this.#formats[format]!;
    const frame = within((wanted[3] ?? 1) - 1, sizes.length);
    const { width, height, intervals } = sizes[frame]!;
    const asked = wanted.length >= 8 ? wanted.readUInt32LE(4) : 0;
    const distance = (interval: number) => Math.abs(interval - asked);
    const interval = intervals.reduce((best, one) => (distance(one) < distance(best) ? one : best));
    return { format, frame, mode: { pixels, width, height, interval } };
  }
}

function size(width: number, height: number, rates: readonly number[]): FrameSize {
  return { width, height, intervals: rates.map((rate) => Math.floor(SECOND / rate)) };
}

function within(index: number, count: number): number {
  return Math.min(Math.max(index, 0), count - 1);
}
