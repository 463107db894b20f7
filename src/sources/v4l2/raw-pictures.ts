import { messageOf, ThingError } from "../../base/errors.ts";
import { encodeJpeg } from "../../frames/codec/codec.ts";
import { imageFromPlanes } from "../../frames/pixels/from-planes.ts";
import type { V4l2FrameInfo } from "./frame-head.ts";

/** A larger raw picture is refused, bytes: 8192 x 4096 pixels in 16 bits. */
export const LARGEST_RAW = 64 * 1024 * 1024;

/** V4L2's names of what `imageFromPlanes` reads. */
const FORMATS: Readonly<Record<string, string>> = {
  YUYV: "yuyv422",
  UYVY: "uyvy422",
  NV12: "nv12",
  YU12: "yuv420p",
  GREY: "gray",
  Y16: "gray16le",
  RGB3: "rgb24",
  BGR3: "bgr24",
  XR24: "bgr0",
  AR24: "bgra",
  BX24: "argb",
};
/** Rows of colour samples for each row of pixels, and bytes of their rows for each byte of a row of pixels. */
const CHROMA: Readonly<Record<string, { planes: number; down: number; across: number }>> = {
  NV12: { planes: 1, down: 2, across: 1 },
  YU12: { planes: 2, down: 2, across: 2 },
};

interface Waiting<T> {
  readonly info: T;
  readonly pixels: Uint8Array;
}

/** What becomes of raw pictures. */
export interface RawTaker<T> {
  encoded(info: T, jpeg: Uint8Array): void;
  /** It was not encoded. */
  refused(info: T, why: string): void;
}

const LATE = "the server could not encode it in time";

/**
 * Makes JPEGs of pictures that the program hands on as they are, where it has no libjpeg: one at a time; while one is encoded, the
 * newest other one waits. It has memory for three pictures: one is received, one waits and one is encoded.
 */
export class RawPictures<T extends V4l2FrameInfo = V4l2FrameInfo> {
  readonly #taker: RawTaker<T>;
  readonly #free: Uint8Array[] = [];
  #waiting: Waiting<T> | undefined;
  #isEncoding = false;

  constructor(taker: RawTaker<T>) {
    this.#taker = taker;
  }

  /** Memory for a picture; undefined for one that is too large. */
  room(bytes: number): Uint8Array | undefined {
    if (bytes > LARGEST_RAW) return undefined;
    const fits = this.#free.findIndex(({ length }) => length === bytes);
    if (fits < 0) this.#free.length = 0; // the device has another format now
    const [memory] = fits < 0 ? [] : this.#free.splice(fits, 1);
    return memory ?? new Uint8Array(bytes);
  }

  /** Takes a picture in memory of `room`. */
  take(info: T, pixels: Uint8Array): void {
    const older = this.#waiting;
    if (older) {
      this.#free.push(older.pixels);
      this.#taker.refused(older.info, LATE);
    }
    this.#waiting = { info, pixels };
    if (!this.#isEncoding) void this.#encodeAll();
  }

  async #encodeAll(): Promise<void> {
    this.#isEncoding = true;
    for (let next = this.#waiting; next; next = this.#waiting) {
      this.#waiting = undefined;
      try {
        this.#taker.encoded(next.info, await jpegOf(next.info, next.pixels));
      } catch (error) {
        this.#taker.refused(next.info, messageOf(error));
      }
      this.#free.push(next.pixels);
    }
    this.#isEncoding = false;
  }
}

/**
 * A raw picture as a JPEG: as RGB, or as grey where it is grey, of 16 bits the upper 8.
 * @throws {ThingError} `BAD_FRAME` for a format that is not known; `BAD_SHAPE` for bytes that are too few.
 */
export async function jpegOf(
  { fourcc, width, height, stride }: V4l2FrameInfo,
  pixels: Uint8Array,
): Promise<Uint8Array> {
  const name = fourcc.replace(/(?: |%20)+$/, "");
  const pixelFormat = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  if (!pixelFormat)
    throw new ThingError(
      "BAD_FRAME",
      `Pictures in the format '${name}' cannot be encoded. Set 'mode' to another format of 'modes'.`,
    );
  const planes = [pixels];
  const lineSizes = [stride];
  const chroma = CHROMA[name];
  if (chroma) {
    const lineSize = stride / chroma.across;
    const bytes = lineSize * Math.ceil(height / chroma.down);
    for (let plane = 0, at = stride * height; plane < chroma.planes; plane++, at += bytes) {
      planes.push(pixels.subarray(at, at + bytes));
      lineSizes.push(lineSize);
    }
  }
  return encodeJpeg(imageFromPlanes({ planes, lineSizes, pixelFormat, width, height }));
}
