import type { Random } from "./seeded-random.ts";

/** Smooth noise from 0 to 1, which repeats at the edges of a picture. */
export interface Noise {
  /** At a place in pixels. */
  at(x: number, y: number): number;
  /** Adds `strength` times a row of pixels to `sums`, in a tenth of the time that it takes pixel by pixel. */
  addRow(y: number, strength: number, sums: Float32Array): void;
}

/**
 * Value noise that repeats after `width` by `height` pixels, so a picture made of it has no seam.
 *
 * @param cellPx - Size of its blobs; rounded so that whole cells fit the width and the height.
 */
export function periodicNoise(
  random: Random,
  width: number,
  height: number,
  cellPx: number,
): Noise {
  const columns = Math.max(1, Math.round(width / cellPx));
  const rows = Math.max(1, Math.round(height / cellPx));
  const lattice = Float32Array.from({ length: columns * rows }, random);
  const perX = columns / width;
  const perY = rows / height;
  const shares = Float32Array.from({ length: width }, (_, x) => smooth((x * perX) % 1));
  const between = new Float32Array(columns + 1);
  return {
    at(x, y) {
      const u = x * perX;
      const v = y * perY;
      const left = Math.floor(u);
      const top = Math.floor(v);
      const s = smooth(u - left);
      const t = smooth(v - top);
      const column = wrap(left, columns);
      const next = column + 1 === columns ? 0 : column + 1;
      const row = wrap(top, rows) * columns;
      const below = wrap(top + 1, rows) * columns;
      const upper = lattice[row + column]! * (1 - s) + lattice[row + next]! * s;
      const lower = lattice[below + column]! * (1 - s) + lattice[below + next]! * s;
      return upper * (1 - t) + lower * t;
    },
    addRow(y, strength, sums) {
      const v = y * perY;
      const top = Math.floor(v);
      const t = smooth(v - top);
      const row = wrap(top, rows) * columns;
      const below = wrap(top + 1, rows) * columns;
      for (let column = 0; column < columns; column++)
        between[column] = lattice[row + column]! * (1 - t) + lattice[below + column]! * t;
      between[columns] = between[0]!;
      for (let x = 0; x < width; x++) {
        const column = Math.floor(x * perX);
        const left = between[column]!;
        sums[x]! += strength * (left + (between[column + 1]! - left) * shares[x]!);
      }
    },
  };
}

/** Several octaves of it, each half the size and `gain` times the strength of the one before. */
export function periodicOctaves(
  random: Random,
  width: number,
  height: number,
  { cellPx, octaves, gain = 0.5 }: { cellPx: number; octaves: number; gain?: number },
): Noise {
  const layers = Array.from({ length: octaves }, (_, octave) => ({
    noise: periodicNoise(random, width, height, cellPx / 2 ** octave),
    strength: gain ** octave,
  }));
  const total = layers.reduce((sum, { strength }) => sum + strength, 0);
  return {
    at(x, y) {
      let sum = 0;
      for (const { noise, strength } of layers) sum += noise.at(x, y) * strength;
      return sum / total;
    },
    addRow(y, strength, sums) {
      for (const layer of layers) layer.noise.addRow(y, (strength * layer.strength) / total, sums);
    },
  };
}

/** A row of pixels of a noise. @param row - Memory for it. */
export function rowOf(noise: Noise, y: number, row: Float32Array): Float32Array {
  row.fill(0);
  noise.addRow(y, 1, row);
  return row;
}

/** `value` modulo `size`, never negative. */
export function wrap(value: number, size: number): number {
  const rest = value % size;
  return rest < 0 ? rest + size : rest;
}

/** 0 below `from`, 1 above `to`, smooth in between. */
export function step(from: number, to: number, value: number): number {
  return smooth(Math.min(1, Math.max(0, (value - from) / (to - from))));
}

function smooth(t: number): number {
  return t * t * (3 - 2 * t);
}
