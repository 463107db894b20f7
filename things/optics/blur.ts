import { setImmediate as nextTurn } from "node:timers/promises";
import type { Rgb } from "../pictures/rgb.ts";

const PASSES = 3;
const ROWS_PER_TURN = 64;

/**
 * The picture blurred by nearly a Gaussian, its edges wrapped, at a cost that does not grow with `sigmaPx`:
 * three box filters with fractional ends. The event loop gets its turn between bands of rows.
 *
 * @param sigmaPx - Standard deviation; 0 gives the picture itself.
 * @see Gwosdek et al., "Theoretical foundations of Gaussian convolution by extended box filtering", 2011.
 */
export async function blurred(picture: Rgb, sigmaPx: number): Promise<Rgb> {
  if (sigmaPx === 0) return picture;
  const { width, height } = picture;
  const box = extendedBox(sigmaPx);
  // Values times 256 between the passes, so that it is rounded once.
  let from = new Uint16Array(picture.data.length);
  let to = new Uint16Array(picture.data.length);
  for (let place = 0; place < from.length; place++) from[place] = picture.data[place]! * 256;
  const line = new Int32Array((width + 2 * (box.reach + 1)) * 3);
  for (let pass = 0; pass < PASSES; pass++) {
    for (let row = 0; row < height; row++) {
      filterRow(from, to, row * width * 3, line, box);
      if (row % ROWS_PER_TURN === 0) await nextTurn();
    }
    [from, to] = [to, from];
    await filterColumns(from, to, width * 3, height, box);
    [from, to] = [to, from];
  }
  const data = new Uint8Array(from.length);
  for (let place = 0; place < data.length; place++) data[place] = (from[place]! + 128) >> 8;
  return { ...picture, data };
}

/** How far from a pixel the blur takes light from, pixels at most. */
export function reachOf(sigmaPx: number): number {
  return sigmaPx === 0 ? 0 : PASSES * (extendedBox(sigmaPx).reach + 1);
}

interface Box {
  /** The filter reaches this many pixels to each side with full weight, and one more with `end`. */
  readonly reach: number;
  readonly full: number;
  readonly end: number;
}

function extendedBox(sigmaPx: number): Box {
  const variance = sigmaPx ** 2 / PASSES;
  const reach = Math.floor((Math.sqrt(12 * variance + 1) - 1) / 2);
  const rest = reach * (reach + 1) - 3 * variance;
  const end = ((2 * reach + 1) * rest) / (6 * (variance - (reach + 1) ** 2));
  const total = 2 * reach + 1 + 2 * end;
  return { reach, full: 1 / total, end: end / total };
}

function filterRow(
  from: Uint16Array,
  to: Uint16Array,
  start: number,
  line: Int32Array,
  { reach, full, end }: Box,
): void {
  const pad = (reach + 1) * 3;
  const stride = line.length - 2 * pad;
  // The row between copies of its other end.
  line.set(from.subarray(start + stride - pad, start + stride), 0);
  line.set(from.subarray(start, start + stride), pad);
  line.set(from.subarray(start, start + pad), pad + stride);
  for (let channel = 0; channel < 3; channel++) {
    let sum = 0;
    for (let place = 3 + channel; place < 2 * pad; place += 3) sum += line[place]!;
    for (let place = channel; place < stride; place += 3) {
      const entering = line[place + 2 * pad]!;
      to[start + place] = sum * full + (line[place]! + entering) * end;
      sum += entering - line[place + 3]!;
    }
  }
}

async function filterColumns(
  from: Uint16Array,
  to: Uint16Array,
  stride: number,
  height: number,
  { reach, full, end }: Box,
): Promise<void> {
  const startOf = (row: number) => ((row + height) % height) * stride;
  const sums = new Int32Array(stride);
  for (let row = -reach; row <= reach; row++) {
    const start = startOf(row);
    for (let place = 0; place < stride; place++) sums[place]! += from[start + place]!;
  }
  for (let row = 0; row < height; row++) {
    const entering = startOf(row + reach + 1);
    const leaving = startOf(row - reach);
    const before = startOf(row - reach - 1);
    const start = row * stride;
    for (let place = 0; place < stride; place++) {
      const next = from[entering + place]!;
      const ends = (from[before + place]! + next) * end;
      to[start + place] = sums[place]! * full + ends;
      sums[place]! += next - from[leaving + place]!;
    }
    if (row % ROWS_PER_TURN === 0) await nextTurn();
  }
}
