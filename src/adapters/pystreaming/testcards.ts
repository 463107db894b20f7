import { readFile } from "node:fs/promises";
import { delay, isAbort } from "../../base/abort.ts";
import { ThingError } from "../../base/errors.ts";
import { packagePath } from "../../base/package-root.ts";
import { decodeRgb, encodeJpeg, renderSvgRaw } from "../../frames/codec/codec.ts";
import { testCard } from "../../frames/pixels/test-card.ts";
import { type Rgba, toRgba, turn } from "../../frames/pixels/turn.ts";

/** The test pictures: a drawn card and a photograph in each size. */
const CARDS = [
  { width: 640, height: 480 },
  { width: 1280, height: 720 },
  { width: 1920, height: 1080 },
  { width: 640, height: 480, photograph: "sea.jpg" },
  { width: 1280, height: 720, photograph: "mountains.jpg" },
  { width: 1920, height: 1080, photograph: "still-life.jpg" },
] as const;

/** A card of 640 x 480 pixels. */
export const TEST_S = 0;
/** A card of 1280 x 720 pixels. */
export const TEST_M = 1;
/** A card of 1920 x 1080 pixels. */
export const TEST_L = 2;
/** A (rendered) photograph of 640 x 480 pixels. */
export const IMAG_S = 3;
/** A photograph of 1280 x 720 pixels. */
export const IMAG_M = 4;
/** A photograph of 1920 x 1080 pixels. */
export const IMAG_L = 5;
/** One of the six pictures. */
export type Testcard = 0 | 1 | 2 | 3 | 4 | 5;

const PERIOD_MS = 1000 / 30;
const DEGREES_A_FRAME = 3;
const QUALITY = 80;

/** One of the pictures, as pixels. @throws {ThingError} `BAD_ARGUMENT` for another number. */
export async function loadimage(card: Testcard): Promise<Rgba> {
  const found = CARDS[card];
  if (!found) {
    throw new ThingError(
      "BAD_ARGUMENT",
      `There is no test card ${card}. There are TEST_S, TEST_M, TEST_L, IMAG_S, IMAG_M and IMAG_L, 0 to 5.`,
    );
  }
  const { width, height } = found;
  if (!("photograph" in found)) {
    return toRgba(await renderSvgRaw(testCard(width, height), { width, height }));
  }
  const file = packagePath("things", "images", found.photograph);
  return toRgba(await decodeRgb(await readFile(file)));
}

/** Passes a picture to `send` 30 times a second, rotated if animated, until `signal` aborts. */
export async function showTestcard(
  card: Testcard,
  { animated, signal }: { animated: boolean; signal: AbortSignal | undefined },
  send: (jpeg: Uint8Array) => Promise<unknown>,
): Promise<void> {
  const picture = await loadimage(card);
  const canvas = { ...picture, data: new Uint8Array(picture.data.length) };
  const turned = (degrees: number) => {
    turn(picture, canvas, degrees);
    return encodeJpeg(canvas, { quality: QUALITY });
  };
  /** One rotation, each angle encoded when it is first shown. */
  const round: Uint8Array[] = [];
  const positions = animated ? 360 / DEGREES_A_FRAME : 1;
  const start = performance.now();
  try {
    for (let n = 0; !signal?.aborted; n++) {
      const position = n % positions;
      round[position] ??= await turned(position * DEGREES_A_FRAME);
      await send(round[position]);
      await delay(Math.max(0, start + (n + 1) * PERIOD_MS - performance.now()), signal);
    }
  } catch (error) {
    if (!isAbort(error)) throw error;
  }
}
