import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { padded } from "../frames.ts";
import { BUILD_FOLDER, hasSize } from "../programs.ts";
import { stampedPicture } from "./pixel-stamp.ts";

export const FRAME_BYTES = 100_000;
const WIDTH = 1280;
const HEIGHT = 720;

/**
 * The path of a film: JPEGs of 1280x720 and exactly 100,000 bytes each, one behind the other. Each has its number in its
 * pixels, and a comment that takes a time and a number.
 */
export async function filmFile(frames: number): Promise<string> {
  const folder = join(BUILD_FOLDER, "frames");
  const path = join(folder, `stamped-${frames}.bin`);
  if (hasSize(path, frames * FRAME_BYTES)) return path;
  mkdirSync(folder, { recursive: true });
  const film: Buffer[] = [];
  for (let n = 0; n < frames; n++)
    film.push(padded(await stampedPicture(n, WIDTH, HEIGHT, 50), FRAME_BYTES));
  writeFileSync(path, Buffer.concat(film));
  return path;
}
