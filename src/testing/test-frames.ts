import { delay } from "../base/abort.ts";
import { now } from "../base/clock.ts";
import { encodeJpeg } from "../frames/codec/codec.ts";
import type { IterableSource, SourceFrame } from "../frames/frame-source.ts";
import { drawText } from "../frames/pixels/pixel-text.ts";

/** Size of test frames. */
export interface TestFrameOptions {
  /** 320 by default, in px. */
  readonly width?: number;
  /** 240 by default, in px. */
  readonly height?: number;
}

/** A JPEG that shows a number; another for each number. */
export async function testFrame(
  number: number,
  { width = 320, height = 240 }: TestFrameOptions = {},
): Promise<Uint8Array> {
  const data = new Uint8Array(width * height * 4).fill(40 + ((number * 37) % 160));
  const canvas = { data, width, height, channels: 4 as const };
  drawText(canvas, `TEST FRAME ${number}`, { x: 8, y: 8, scale: 2 });
  return encodeJpeg(canvas, { quality: 70 });
}

/** Number and rate of test frames. */
export interface TestFramesOptions extends TestFrameOptions {
  /** Hz, 30 by default. */
  readonly framerate?: number;
  /** Ends the source after so many frames; without it, the source runs until its signal aborts. */
  readonly count?: number;
}

const DIFFERENT = 30;

/** A source of test frames: `feed(stream, testFrames())`, or what a camera's `source()` gives. */
export function testFrames(options: TestFramesOptions = {}): IterableSource {
  return { frames: (signal) => framesOf(options, signal) };
}

async function* framesOf(
  { framerate = 30, count = Number.POSITIVE_INFINITY, ...size }: TestFramesOptions,
  signal: AbortSignal,
): AsyncGenerator<SourceFrame> {
  const drawn: Uint8Array[] = [];
  const start = performance.now();
  for (let n = 0; n < count; n++) {
    const jpeg = drawn[n % DIFFERENT] ?? (await testFrame(n, size));
    drawn[n % DIFFERENT] = jpeg;
    // Late frames are delivered at once, as by a driver that has buffered them: none is skipped.
    const wait = start + (n * 1000) / framerate - performance.now();
    await delay(Math.max(0, wait), signal);
    yield { jpeg, capturedAt: now() };
  }
}
