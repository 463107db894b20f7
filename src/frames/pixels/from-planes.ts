import { ThingError } from "../../base/errors.ts";
import type { RawImage } from "./pixel-formats.ts";

/** A picture with separate planes, whose rows may be padded. */
export interface PlanarPicture {
  readonly planes: readonly Uint8Array[];
  /** Bytes from one row to the next, for each plane. */
  readonly lineSizes: readonly number[];
  /** FFmpeg's name. */
  readonly pixelFormat: string;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
}

/** Where a sample lies: in which plane, at which byte of its group, and how many bytes on the next group begins. */
interface Place {
  readonly plane: number;
  readonly offset: number;
  readonly step: number;
}

/** Brightness and colour; `across` and `down` are how many pixels share a colour sample, as powers of two. */
interface Yuv {
  readonly y: Place;
  readonly u: Place;
  readonly v: Place;
  readonly across: number;
  readonly down: number;
  /** 0 to 255 instead of 16 to 235. */
  readonly isFull?: boolean;
}

const at = (plane: number, offset: number, step: number): Place => ({ plane, offset, step });
const planar = (across: number, down: number, isFull = false): Yuv => ({
  ...{ y: at(0, 0, 1), u: at(1, 0, 1), v: at(2, 0, 1), across, down, isFull },
});
const packed = (y: number, u: number, v: number): Yuv => ({
  ...{ y: at(0, y, 2), u: at(0, u, 4), v: at(0, v, 4), across: 1, down: 0 },
});

const YUV: Readonly<Record<string, Yuv>> = {
  yuv420p: planar(1, 1),
  yuvj420p: planar(1, 1, true),
  yuv422p: planar(1, 0),
  yuvj422p: planar(1, 0, true),
  yuv444p: planar(0, 0),
  yuvj444p: planar(0, 0, true),
  nv12: { y: at(0, 0, 1), u: at(1, 0, 2), v: at(1, 1, 2), across: 1, down: 1 },
  yuyv422: packed(0, 1, 3),
  uyvy422: packed(1, 0, 2),
};

/** Bytes of a pixel, and where red, green and blue are in it. */
const RGB: Readonly<Record<string, readonly [number, number, number, number]>> = {
  rgb24: [3, 0, 1, 2],
  bgr24: [3, 2, 1, 0],
  rgba: [4, 0, 1, 2],
  rgb0: [4, 0, 1, 2],
  bgra: [4, 2, 1, 0],
  bgr0: [4, 2, 1, 0],
  argb: [4, 1, 2, 3],
  abgr: [4, 3, 2, 1],
};

/** Bytes of a pixel, and which of them is the most significant. */
const GRAY: Readonly<Record<string, readonly [number, number]>> = {
  gray: [1, 0],
  gray16le: [2, 1],
  gray16be: [2, 0],
};

/** The formats that can be read, by FFmpeg's names. */
export const READABLE_FORMATS: readonly string[] = [RGB, GRAY, YUV].flatMap(Object.keys);

/**
 * A picture as 8-bit RGB, or as grey where it is grey. Colours of YUV formats are those of Rec. 601, as FFmpeg's default is.
 *
 * @throws {ThingError} `BAD_SHAPE` for a format that is not known, and for planes that are too short for the size.
 */
export function imageFromPlanes(picture: PlanarPicture): RawImage {
  const { pixelFormat, width, height } = picture;
  const rgb = Object.hasOwn(RGB, pixelFormat) ? RGB[pixelFormat] : undefined;
  if (rgb) return { data: fromRgb(picture, rgb), width, height, channels: 3 };
  const gray = Object.hasOwn(GRAY, pixelFormat) ? GRAY[pixelFormat] : undefined;
  if (gray) return { data: fromGray(picture, gray), width, height, channels: 1 };
  const yuv = Object.hasOwn(YUV, pixelFormat) ? YUV[pixelFormat] : undefined;
  if (yuv) return { data: fromYuv(picture, yuv), width, height, channels: 3 };
  throw new ThingError(
    "BAD_SHAPE",
    `The pixel format '${pixelFormat.slice(0, 40)}' cannot be read. Choose one of: ${READABLE_FORMATS.join(", ")}.`,
  );
}

function fromRgb(
  picture: PlanarPicture,
  [step, red, green, blue]: readonly [number, number, number, number],
): Uint8Array {
  const { width, height } = picture;
  const { bytes, lineSize } = planeOf(picture, 0, step * width, height);
  if (picture.pixelFormat === "rgb24" && lineSize === 3 * width) {
    return bytes.subarray(0, 3 * width * height);
  }
  const data = new Uint8Array(3 * width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, from = y * lineSize; x < width; x++, from += step) {
      data[to++] = bytes[from + red]!;
      data[to++] = bytes[from + green]!;
      data[to++] = bytes[from + blue]!;
    }
  }
  return data;
}

function fromGray(picture: PlanarPicture, [step, high]: readonly [number, number]): Uint8Array {
  const { width, height } = picture;
  const { bytes, lineSize } = planeOf(picture, 0, step * width, height);
  const data = new Uint8Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, from = y * lineSize + high; x < width; x++, from += step) {
      data[to++] = bytes[from]!;
    }
  }
  return data;
}

/** @see ITU-R BT.601; of limited range, brightness is 16 to 235 and colour 16 to 240. */
function fromYuv(picture: PlanarPicture, { across, down, ...format }: Yuv): Uint8Array {
  const { width, height } = picture;
  const columns = (width + (1 << across) - 1) >> across;
  const rows = (height + (1 << down) - 1) >> down;
  const y = samplesOf(picture, format.y, width, height);
  const u = samplesOf(picture, format.u, columns, rows);
  const v = samplesOf(picture, format.v, columns, rows);
  const [black, gain, toRed, greenOfU, greenOfV, toBlue] = format.isFull
    ? [0, 1, 1.402, 0.344136, 0.714136, 1.772]
    : [16, 1.164383, 1.596027, 0.391762, 0.812968, 2.017232];
  const data = new Uint8ClampedArray(3 * width * height);
  for (let row = 0, to = 0; row < height; row++) {
    const inY = row * y.lineSize + y.offset;
    const inU = (row >> down) * u.lineSize + u.offset;
    const inV = (row >> down) * v.lineSize + v.offset;
    for (let x = 0; x < width; x++) {
      const bright = gain * (y.bytes[inY + x * y.step]! - black);
      const blueness = u.bytes[inU + (x >> across) * u.step]! - 128;
      const redness = v.bytes[inV + (x >> across) * v.step]! - 128;
      data[to++] = bright + toRed * redness;
      data[to++] = bright - greenOfU * blueness - greenOfV * redness;
      data[to++] = bright + toBlue * blueness;
    }
  }
  return new Uint8Array(data.buffer);
}

function samplesOf(
  picture: PlanarPicture,
  { plane, offset, step }: Place,
  columns: number,
  rows: number,
) {
  const { bytes, lineSize } = planeOf(picture, plane, (columns - 1) * step + offset + 1, rows);
  return { bytes, lineSize, offset, step };
}

/** @throws {ThingError} `BAD_SHAPE` unless the plane has so many rows of at least so many bytes. */
function planeOf(
  { planes, lineSizes, pixelFormat, width, height }: PlanarPicture,
  plane: number,
  rowBytes: number,
  rows: number,
) {
  const bytes = planes[plane] ?? new Uint8Array();
  const lineSize = lineSizes[plane] ?? 0;
  if (lineSize >= rowBytes && bytes.length >= lineSize * (rows - 1) + rowBytes) {
    return { bytes, lineSize };
  }
  throw new ThingError(
    "BAD_SHAPE",
    `A ${pixelFormat} picture of ${width} x ${height} pixels needs ${rows} rows of ${rowBytes} bytes in plane ${plane}; ` +
      `there are ${bytes.length} bytes, ${lineSize} per row.`,
  );
}
