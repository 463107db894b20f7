import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeJpeg } from "../../src/frames/codec.ts";
import { drawText } from "../../src/frames/pixel-text.ts";
import { padded } from "../frames.ts";
import { BUILD_FOLDER, hasSize } from "../programs.ts";

export const FRAME_BYTES = 100_000;
const WIDTH = 1280;
const HEIGHT = 720;

/**
 * The path of a film: JPEGs of 1280x720 and exactly 100,000 bytes each, one behind the other. Each has its number in its
 * pixels, and a comment that takes a time and a number.
 */
export async function filmFile(frames: number): Promise<string> {
  const folder = join(BUILD_FOLDER, "frames");
  const path = join(folder, `film-${frames}.bin`);
  if (hasSize(path, frames * FRAME_BYTES)) return path;
  mkdirSync(folder, { recursive: true });
  const film: Buffer[] = [];
  for (let n = 0; n < frames; n++) film.push(padded(await picture(n), FRAME_BYTES));
  writeFileSync(path, Buffer.concat(film));
  return path;
}

async function picture(n: number): Promise<Uint8Array> {
  const data = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let y = 0; y < HEIGHT; y++) {
    data.fill((y + n) & 255, y * WIDTH * 3, (y + 1) * WIDTH * 3);
  }
  const canvas = { data, width: WIDTH, height: HEIGHT, channels: 3 } as const;
  drawText(canvas, `FRAME ${n}`, { x: 40, y: 40, scale: 12 });
  return encodeJpeg(canvas, { quality: 50 });
}
