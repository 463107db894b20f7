import { now } from "../../base/clock.ts";
import { ThingError } from "../../base/errors.ts";
import type { RawImage } from "../../frames/pixels/pixel-formats.ts";
import { drawText } from "../../frames/pixels/pixel-text.ts";

/** What has a picture that can be written on, as a packet has. */
interface Drawable {
  draw?(change: (picture: RawImage) => void): void;
}

/** Where the rate is told. */
export interface RateOptions {
  /** Writes it into the picture itself (`arr`), at 50, 50; it is printed otherwise. */
  readonly write?: boolean | undefined;
  /** Takes what is printed: the terminal, on one line again and again, unless given. */
  readonly print?: ((rate: number) => void) | undefined;
  /** Seconds; the system's clock unless given. */
  readonly clock?: (() => number) | undefined;
}

const PLACE = { x: 50, y: 50 };

/**
 * Hands on what comes, and tells how many a second came over the last `n`: pystreaming's `dispfps`. It tells nothing before
 * `n` have come.
 * @throws {ThingError} `BAD_ARGUMENT` unless `n` is a whole number from 1.
 */
export function withRate<T extends Drawable>(
  handler: AsyncIterable<T>,
  n = 100,
  options: RateOptions = {},
): AsyncGenerator<T, void> {
  if (!Number.isInteger(n) || n < 1) {
    throw new ThingError("BAD_ARGUMENT", `n is a whole number from 1, not ${n}.`);
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
  drawText(picture, `FPS: ${rate.toFixed(3)}`, { ...PLACE, scale });
}
