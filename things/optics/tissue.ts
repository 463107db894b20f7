import { setImmediate as nextTurn } from "node:timers/promises";
import { periodicNoise, periodicOctaves, rowOf, step, wrap } from "./periodic-noise.ts";
import { Pigment, type Region } from "./pigment.ts";
import type { Random } from "./seeded-random.ts";
import { normal, seededRandom, uniform } from "./seeded-random.ts";

/** A tube of cells about an open space, cut across. */
interface Gland {
  readonly x: number;
  readonly y: number;
  readonly radiusPx: number;
  /** Part of the radius that is open. */
  readonly lumen: number;
  readonly wobbles: readonly { times: number; size: number; phase: number }[];
  readonly goblets: number;
}

const GLAND_SPACING_PX = 200;
const ROWS_PER_TURN = 24;

/**
 * A section of glands in connective tissue, stained with haematoxylin and eosin: detail at every scale from
 * glands (200 pixels) to chromatin (1 pixel), without a seam at the edges. Imagined, not copied from a slide.
 *
 * @param region - What is to be seen; it looks the same as in the whole slide, and takes less time.
 */
export async function stainedTissue(
  seed: number,
  width: number,
  height: number,
  region?: Region,
): Promise<Pigment> {
  const random = seededRandom(seed);
  const slide = new Pigment(width, height, region);
  const glands = plantGlands(random, width, height);
  await layStroma(slide, random);
  const occupied = new Uint8Array(width * height);
  for (const gland of glands) {
    layGland(slide, random, gland, occupied);
    await nextTurn();
  }
  await scatterStromaCells(slide, random, occupied);
  await addGrain(slide, random);
  return slide;
}

/** A jittered hexagonal grid, which wraps. */
function plantGlands(random: Random, width: number, height: number): Gland[] {
  const columns = Math.round(width / GLAND_SPACING_PX);
  const rows = 2 * Math.round(height / (2 * GLAND_SPACING_PX * 0.87));
  const glands: Gland[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (random() < 0.12) continue;
      const x = ((column + (row % 2) / 2 + 0.13 * normal(random)) * width) / columns;
      const y = ((row + 0.12 * normal(random)) * height) / rows;
      glands.push({
        x,
        y,
        radiusPx: uniform(random, 62, 92),
        lumen: uniform(random, 0.12, 0.36),
        wobbles: [2, 3, 4, 5].map((times) => ({
          times,
          size: uniform(random, 0, 0.24 / times),
          phase: uniform(random, 0, 2 * Math.PI),
        })),
        goblets: uniform(random, 0.25, 0.75),
      });
    }
  }
  return glands;
}

function edgeOf(gland: Gland, angle: number): number {
  let factor = 1;
  for (const { times, size, phase } of gland.wobbles)
    factor += size * Math.sin(times * angle + phase);
  return gland.radiusPx * factor;
}

/** Nearer to the middle than `inner` all is gland, whatever the angle, and further away than `outer` nothing is. */
function edgesOf({ radiusPx, wobbles }: Gland): { inner: number; outer: number } {
  const most = wobbles.reduce((sum, { size }) => sum + size, 0);
  return { inner: radiusPx * (1 - most), outer: 1.06 * radiusPx * (1 + most) };
}

/** Wavy pink fibres with clefts between them. */
async function layStroma(slide: Pigment, random: Random): Promise<void> {
  const { width, height } = slide;
  const bend = periodicOctaves(random, width, height, { cellPx: 260, octaves: 3 });
  const fibre = periodicOctaves(random, width, height, { cellPx: 26, octaves: 3, gain: 0.6 });
  const thickness = periodicOctaves(random, width, height, { cellPx: 120, octaves: 3 });
  const [bends, denses] = [new Float32Array(width), new Float32Array(width)];
  for (const [n, y] of slide.rows.entries()) {
    rowOf(bend, y, bends);
    rowOf(thickness, y, denses);
    for (const x of slide.columns) {
      const warp = 150 * bends[x]!;
      const strand = 1 - Math.abs(2 * fibre.at(x + warp, y * 2 + warp * 1.7) - 1);
      const pixel = y * width + x;
      const dense = denses[x]!;
      const cleft = step(0.9, 0.97, strand) * step(0.45, 0.6, dense);
      slide.eosin[pixel] = (0.16 + 0.5 * strand ** 2 * (0.5 + dense)) * (1 - 0.8 * cleft);
      slide.haematoxylin[pixel] = 0.05 + 0.06 * strand * dense;
    }
    if (n % ROWS_PER_TURN === 0) await nextTurn();
  }
}

function layGland(slide: Pigment, random: Random, gland: Gland, occupied: Uint8Array): void {
  const cells = Math.round((2 * Math.PI * gland.radiusPx) / 11);
  const goblets = Array.from({ length: cells }, () => random() < gland.goblets);
  const cytoplasm = Array.from({ length: cells }, () => uniform(random, 0.3, 0.52));
  const shifts = Array.from({ length: cells }, () => uniform(random, -0.06, 0.06));
  const { inner, outer } = edgesOf(gland);
  slide.visit(gland.x, gland.y, gland.radiusPx * 1.6, (column, row, dx, dy) => {
    const distance = Math.sqrt(dx * dx + dy * dy);
    if (distance > outer) return;
    const pixel = row * slide.width + column;
    const isShown = slide.shows(column, row);
    if (!isShown && distance < inner) {
      occupied[pixel] = 1;
      return;
    }
    const angle = Math.atan2(dy, dx);
    const edge = edgeOf(gland, angle);
    const depth = distance / edge;
    if (depth > 1.05) return;
    occupied[pixel] = 1;
    if (!isShown) return;
    if (depth > 1) {
      slide.eosin[pixel] = 0.62; // the basement membrane
      return;
    }
    const turn = ((angle / (2 * Math.PI) + 1) % 1) * cells;
    const cell = Math.floor(turn) % cells;
    const open = gland.lumen + shifts[cell]! * 0.5;
    const inside = step(open - 0.02, open + 0.02, depth);
    const membranePx = Math.abs(turn - Math.round(turn)) * ((2 * Math.PI * distance) / cells);
    const membrane = 1 - step(0.4, 1.5, membranePx);
    const brush = 1 - step(0.02, 0.07, Math.abs(depth - open));
    let eosin = cytoplasm[cell]! + 0.22 * membrane;
    let haematoxylin = 0.16 + 0.1 * depth;
    if (goblets[cell]) {
      const along = (depth - (open + 0.26)) / 0.2;
      const aside = (turn - cell - 0.5) / 0.44;
      const mucus = 1 - step(0.75, 1, along ** 2 + aside ** 2);
      eosin *= 1 - 0.8 * mucus;
      haematoxylin += 0.05 * mucus;
    }
    slide.eosin[pixel] = eosin * inside + 0.24 * brush * (1 - 0.5 * inside) + 0.02;
    slide.haematoxylin[pixel] = haematoxylin * inside;
  });
  for (let cell = 0; cell < cells; cell++) {
    const angle = ((cell + 0.5 + 0.2 * normal(random)) / cells) * 2 * Math.PI;
    const place = edgeOf(gland, angle) * (0.84 + shifts[cell]!);
    layNucleus(slide, random, {
      x: gland.x + place * Math.cos(angle),
      y: gland.y + place * Math.sin(angle),
      lengthPx: uniform(random, 7, 9.5),
      widthPx: uniform(random, 3.6, 5),
      angle: angle + 0.18 * normal(random),
      darkness: uniform(random, 0.75, 1.25),
    });
  }
}

/** Spindle-shaped cells along the fibres, round lymphocytes in crowds, and red blood cells. */
async function scatterStromaCells(slide: Pigment, random: Random, occupied: Uint8Array) {
  const { width, height } = slide;
  const crowd = periodicNoise(random, width, height, 170);
  const free = (x: number, y: number) => !occupied[wrap(y, height) * width + wrap(x, width)];
  const count = Math.round((width * height) / 420);
  for (let cell = 0; cell < count; cell++) {
    const x = Math.floor(random() * width);
    const y = Math.floor(random() * height);
    if (cell % 256 === 0) await nextTurn();
    if (!free(x, y)) continue;
    const kind = random();
    const crowded = crowd.at(x, y);
    if (kind < 0.3) {
      const angle = 0.9 + 0.5 * normal(random);
      const lengthPx = uniform(random, 7, 13);
      const darkness = uniform(random, 0.8, 1.3);
      layNucleus(slide, random, { x, y, lengthPx, widthPx: 2.2, angle, darkness });
    } else if (kind < 0.3 + 0.55 * step(0.42, 0.75, crowded)) {
      const lengthPx = uniform(random, 4, 5.2);
      const darkness = uniform(random, 1.2, 1.7);
      layNucleus(slide, random, { x, y, lengthPx, widthPx: lengthPx * 0.92, angle: 0, darkness });
    } else if (kind > 0.93 && crowded < 0.42) {
      layRedCells(slide, random, x, y);
    }
  }
}

interface Nucleus {
  readonly x: number;
  readonly y: number;
  /** Half the long axis. */
  readonly lengthPx: number;
  /** Half the short axis. */
  readonly widthPx: number;
  readonly angle: number;
  readonly darkness: number;
}

/** Chromatin lies along the rim, in clumps, and in one or two nucleoli. */
function layNucleus(slide: Pigment, random: Random, nucleus: Nucleus): void {
  const { x, y, lengthPx, widthPx, angle, darkness } = nucleus;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const nucleolus = { along: uniform(random, -0.4, 0.4), aside: uniform(random, -0.3, 0.3) };
  const clumps = uniform(random, 0, 10);
  slide.stamp(x, y, lengthPx + 2, (pixel, dx, dy) => {
    const along = (dx * cos + dy * sin) / lengthPx;
    const aside = (dy * cos - dx * sin) / widthPx;
    const out = Math.hypot(along, aside);
    const inside = 1 - step(0.9, 1.08, out);
    if (inside === 0) return;
    const rim = step(0.68, 0.92, out);
    const spot = Math.hypot(
      along - nucleolus.along,
      (aside - nucleolus.aside) * (widthPx / lengthPx),
    );
    const dot = 1 - step(0.12, 0.24, spot);
    const clump = 0.5 + 0.5 * Math.sin(dx * 1.9 + clumps) * Math.sin(dy * 2.1 + clumps * 1.7);
    const chromatin = darkness * (0.62 + 0.42 * rim + 0.35 * clump + 0.75 * dot);
    slide.haematoxylin[pixel] = slide.haematoxylin[pixel]! * (1 - inside) + chromatin * inside;
    slide.eosin[pixel]! *= 1 - 0.55 * inside;
  });
}

function layRedCells(slide: Pigment, random: Random, x: number, y: number): void {
  const count = 3 + Math.floor(random() * 6);
  for (let cell = 0; cell < count; cell++) {
    const radiusPx = uniform(random, 4, 5.4);
    const left = x + 9 * normal(random);
    const top = y + 9 * normal(random);
    slide.stamp(left, top, radiusPx + 1, (pixel, dx, dy) => {
      const out = Math.hypot(dx, dy) / radiusPx;
      const inside = 1 - step(0.88, 1.08, out);
      const stain = 0.85 + 0.35 * step(0.2, 0.8, out);
      slide.eosin[pixel] = slide.eosin[pixel]! * (1 - inside) + stain * inside;
      slide.haematoxylin[pixel]! *= 1 - 0.9 * inside;
    });
  }
}

/** What makes stained tissue look alive near the limit of sight: every dye is a little uneven. */
async function addGrain(slide: Pigment, random: Random): Promise<void> {
  const { width, height } = slide;
  const fine = periodicOctaves(random, width, height, { cellPx: 4.5, octaves: 2, gain: 0.8 });
  const uneven = periodicOctaves(random, width, height, { cellPx: 300, octaves: 2 });
  const [grains, lights] = [new Float32Array(width), new Float32Array(width)];
  for (const [n, y] of slide.rows.entries()) {
    rowOf(fine, y, grains);
    rowOf(uneven, y, lights);
    for (const x of slide.columns) {
      const pixel = y * width + x;
      const grain = (0.55 + 0.9 * grains[x]!) * (0.8 + 0.4 * lights[x]!);
      slide.eosin[pixel]! *= grain;
      slide.haematoxylin[pixel]! *= 0.35 + 0.65 * grain;
    }
    if (n % ROWS_PER_TURN === 0) await nextTurn();
  }
}
