import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { Camera, type FrameSource } from "thingscope";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import { START } from "../recording/recordings.ts";

const BITS = 8;
const BAR = 16;
const PATIENCE_MS = 20_000;

/** JPEGs that show their number, modulo 256, as eight bars: white is 1, the lowest bit on the left. */
const pictures = await Promise.all(Array.from({ length: 2 ** BITS }, (_, n) => pictureOf(n)));

/** The picture of a number. */
export function numbered(n: number): Uint8Array {
  return pictures[n % 2 ** BITS]!;
}

/** The same picture with so many bytes of comments in its JPEG. */
export function padded(jpeg: Uint8Array, bytes: number): Uint8Array {
  const comment = Buffer.alloc(50_000);
  comment.writeUInt16BE(0xfffe);
  comment.writeUInt16BE(comment.length - 2, 2);
  const comments = Array.from({ length: Math.ceil(bytes / comment.length) }, () => comment);
  return Buffer.concat([jpeg.subarray(0, 2), ...comments, jpeg.subarray(2)]);
}

/** Fifty pictures a second, each with its index. */
export class NumberedCamera extends Camera {
  protected override source(): FrameSource {
    return {
      async *frames(signal) {
        for (let n = 0; !signal.aborted; n++) {
          yield { jpeg: numbered(n) };
          await sleep(20);
        }
      },
    };
  }
}

/** What a player shows. */
export interface Shown {
  /** The number that is on the canvas. */
  readonly picture: number;
  /** The frame's index; -1 where that is not known. */
  readonly index: number;
  /** Which frame of the recording it is, from 0. */
  readonly n: number;
}

/** Waits until the player of a page shows this: a canvas that a worker draws on is painted a moment later. */
export async function shows(page: Page, wanted: Shown): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const shown = await shownBy(page);
    if (shown.picture === wanted.picture || performance.now() > end) {
      assert.deepEqual(shown, wanted);
      return;
    }
    await sleep(20);
  }
}

/** The number on the canvas that the player of a page shows now, and the frame that it says that it is. */
export async function shownBy(page: Page): Promise<Shown> {
  return page.evaluate(`(() => {
    const find = (root, what) => {
      for (const one of root.querySelectorAll("*")) {
        if (one.matches(what)) return one;
        const within = one.shadowRoot && find(one.shadowRoot, what);
        if (within) return within;
      }
    };
    const player = find(document, "recording-player");
    const shown = player.shadowRoot.querySelector("canvas");
    const canvas = document.createElement("canvas");
    canvas.width = shown.width;
    canvas.height = shown.height;
    const context = canvas.getContext("2d");
    context.drawImage(shown, 0, 0);
    let picture = 0;
    for (let bit = 0; bit < ${BITS}; bit++) {
      const [red] = context.getImageData(bit * ${BAR} + ${BAR / 2}, ${BAR / 2}, 1, 1).data;
      if (red > 127) picture += 2 ** bit;
    }
    return { picture, index: player.shown?.index ?? -1, n: player.shown?.n ?? -1 };
  })()`);
}

function pictureOf(number: number): Promise<Uint8Array> {
  const pixels = new Uint8Array(BITS * BAR * BAR);
  for (let at = 0; at < pixels.length; at++) {
    const bit = Math.floor((at % (BITS * BAR)) / BAR);
    pixels[at] = (number >> bit) & 1 ? 255 : 0;
  }
  return sharp(pixels, { raw: { width: BITS * BAR, height: BAR, channels: 1 } })
    .jpeg({ quality: 90 })
    .toBuffer();
}

/** Frames of a run at 10 a second, each with its number on it; `missing` ones were never captured. */
export function film(
  count: number,
  { missing = [], bytes = 0 }: { missing?: readonly number[]; bytes?: number } = {},
) {
  const indices = Array.from({ length: count }, (_, index) => index);
  return indices
    .filter((index) => !missing.includes(index))
    .map((index) => {
      const identity = { run: "k3x9q2", index, capturedAt: START + index * 100 };
      return storeFrame(padded(numbered(index), bytes), identity).frame;
    });
}
