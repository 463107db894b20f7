import { now } from "../../base/clock.ts";
import { ThingError } from "../../base/errors.ts";
import type { RawImage } from "../../frames/pixels/pixel-formats.ts";
import { drawText } from "../../frames/pixels/pixel-text.ts";

/** An item with a picture to draw on, such as a packet. */
interface Drawable {
  draw?(change: (picture: RawImage) => void): void;
}

/** Options of `withRate`. */
export interface RateOptions {
  /** Writes the rate into the picture itself (`arr`), at 50, 50, instead of printing it. */
  readonly write?: boolean | undefined;
  /** Receives the rate. Default: prints it on one line of the terminal. */
  readonly print?: ((rate: number) => void) | undefined;
  /** Seconds. Default: the system's clock. */
  readonly clock?: (() => number) | undefined;
}

const POSITION = { x: 50, y: 50 };

/**
 * Passes items on, and reports their rate over the last `n` items once `n` have arrived: pystreaming's `dispfps`.
 * @throws {ThingError} `BAD_ARGUMENT` unless `n` is a whole number from 1.
 */
export function withRate<T extends Drawable>(
  handler: AsyncIterable<T>,
  n = 100,
  options: RateOptions = {},
): AsyncGenerator<T, void> {
  if (!Number.isInteger(n) || n < 1) {
    throw new ThingError("BAD_ARGUMENT", `n must be a whole number from 1, not ${n}.`);
  }
  return rated(handler, n, options);
}

async function* rated<T extends Drawable>(
  handler: AsyncIterable<T>,
  n: number,
  { write = false, print = printOnOneLine, clock = () => now() / 1000 }: RateOptions,
): AsyncGenerator<T, void> {
  const times: number[] = [];
  for await (const data of handler) {
    const end = clock();
    times.push(end);
    if (times.length > n) {
      const rate = n / (end - times.shift()!);
      if (write) data.draw?.((picture) => writeOn(picture, rate));
      else print(rate);
    }
    yield data;
  }
}

function printOnOneLine(rate: number): void {
  process.stdout.write(`\rFPS: ${rate.toFixed(3)}`);
}

function writeOn(picture: RawImage, rate: number): void {
  const scale = Math.ceil(picture.height / 240);
  drawText(picture, `FPS: ${rate.toFixed(3)}`, { ...POSITION, scale });
}
