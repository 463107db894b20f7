import type { Frame } from "../../src/frames/frame.ts";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { START } from "./recordings.ts";

const JPEG = await jpegOf(65, 49); // the codecs want even sizes

/** A hundred pictures at irregular times, from the seventh second on: jitter in microseconds, a burst of 3 ms, a pause. */
export function irregular(): Frame[] {
  return Array.from({ length: 100 }, (_, index) => {
    const isBurst = index >= 20 && index < 30;
    const jitterMs = ((index * 7919) % 17_000) / 1000;
    const pauseMs = index >= 60 ? 2000 : 0;
    const atMs = pauseMs + (isBurst ? 800 + (index - 20) * 3 : index * 40 + jitterMs);
    const capturedAt = START + 7000 + atMs;
    return storeFrame(JPEG, { run: "k3x9q2", index, capturedAt }).frame;
  });
}
