import { laplacianVariance } from "../../src/frames/pixels/sharpness.ts";
import type { Measures } from "./messages.ts";

/** Side of the square in the picture's middle of which the focus is measured, pixels. */
const FOCUS_SIDE = 256;
/** The histogram is of a sample: so many pixels wide at most. */
const SAMPLE_WIDTH = 320;

/** Measures pictures; its canvases are made with the first. */
export class Measuring {
  readonly #sample = penOf();
  readonly #middle = penOf();

  measure(bitmap: ImageBitmap): Measures {
    return { histogram: this.#histogramOf(bitmap), focus: this.#focusOf(bitmap) };
  }

  #histogramOf(bitmap: ImageBitmap): Uint32Array {
    const scale = Math.min(1, SAMPLE_WIDTH / bitmap.width);
    const width = Math.max(1, Math.round(bitmap.width * scale));
    const height = Math.max(1, Math.round(bitmap.height * scale));
    const pen = sized(this.#sample, width, height);
    pen.imageSmoothingEnabled = false; // a mean of pixels hides those that are too bright
    pen.drawImage(bitmap, 0, 0, width, height);
    return histogramOf(lumaOf(pen.getImageData(0, 0, width, height).data));
  }

  #focusOf(bitmap: ImageBitmap): number {
    const width = Math.min(FOCUS_SIDE, bitmap.width);
    const height = Math.min(FOCUS_SIDE, bitmap.height);
    if (width < 3 || height < 3) return 0;
    const pen = sized(this.#middle, width, height);
    const [left, top] = [(bitmap.width - width) >> 1, (bitmap.height - height) >> 1];
    pen.drawImage(bitmap, left, top, width, height, 0, 0, width, height);
    return laplacianVariance(lumaOf(pen.getImageData(0, 0, width, height).data), width, height);
  }
}

/** Brightness of pixels in red, green, blue and opacity, one byte each (Rec. 601). */
export function lumaOf(rgba: Uint8ClampedArray): Uint8Array {
  const luma = new Uint8Array(rgba.length / 4);
  for (let i = 0; i < luma.length; i++) {
    const at = 4 * i;
    luma[i] = (77 * rgba[at]! + 150 * rgba[at + 1]! + 29 * rgba[at + 2]!) >> 8;
  }
  return luma;
}

export function histogramOf(luma: Uint8Array): Uint32Array {
  const counts = new Uint32Array(256);
  for (const value of luma) counts[value]! += 1;
  return counts;
}

function penOf(): OffscreenCanvasRenderingContext2D {
  const pen = new OffscreenCanvas(1, 1).getContext("2d", {
    alpha: false,
    willReadFrequently: true,
  });
  if (!pen) throw new Error("This browser gives no canvas.");
  return pen;
}

function sized(
  pen: OffscreenCanvasRenderingContext2D,
  width: number,
  height: number,
): OffscreenCanvasRenderingContext2D {
  if (pen.canvas.width !== width || pen.canvas.height !== height) {
    pen.canvas.width = width;
    pen.canvas.height = height;
  }
  return pen;
}
