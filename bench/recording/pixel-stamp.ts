import { decodeRgb, encodeJpeg } from "../../src/frames/codec/codec.ts";

/** A block is one of JPEG's units with halved colours, so a picture's compression leaves it black or white. */
const BLOCK_PX = 16;
const NUMBER_BITS = 16;
const CHECK_BITS = 8;
const BITS = NUMBER_BITS + CHECK_BITS;
const AT_Y = BLOCK_PX;

/** Pixels that are drawn on: three bytes a pixel, row by row. */
interface Canvas {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 3;
}

/**
 * A picture that carries a number in its pixels, where no program that copies, patches or mixes up bytes can forge it: a row of
 * black and white blocks over a pattern that is another one for each number.
 * @param n - 0 to 65,535. @param width - Pixels, 384 at least.
 */
export async function stampedPicture(n: number, width: number, height: number, quality: number) {
  const canvas: Canvas = { data: Buffer.alloc(width * height * 3), width, height, channels: 3 };
  for (let y = 0; y < height; y++) {
    canvas.data.fill((y + n) & 255, y * width * 3, (y + 1) * width * 3);
  }
  const bits = (n << CHECK_BITS) | checkOf(n);
  for (let bit = 0; bit < BITS; bit++) drawBlock(canvas, bit, ((bits >> bit) & 1) * 255);
  return encodeJpeg(canvas, { quality });
}

/** The number that a picture's pixels carry; undefined when they carry none. */
export async function numberInPixels(jpeg: Uint8Array): Promise<number | undefined> {
  const { data, width } = await decodeRgb(jpeg);
  let bits = 0;
  const y = AT_Y + BLOCK_PX / 2;
  for (let bit = 0; bit < BITS; bit++) {
    const x = bit * BLOCK_PX + BLOCK_PX / 2;
    if (data[3 * (y * width + x)]! > 127) bits |= 1 << bit;
  }
  const n = bits >> CHECK_BITS;
  return (bits & ((1 << CHECK_BITS) - 1)) === checkOf(n) ? n : undefined;
}

function drawBlock({ data, width }: Canvas, place: number, value: number): void {
  for (let y = AT_Y; y < AT_Y + BLOCK_PX; y++) {
    const at = 3 * (y * width + place * BLOCK_PX);
    data.fill(value, at, at + 3 * BLOCK_PX);
  }
}

/** Other than 0 for 0, so a black picture carries no number. */
function checkOf(n: number): number {
  return (n * 167 + (n >> 8) * 59 + 0x5a) & ((1 << CHECK_BITS) - 1);
}
