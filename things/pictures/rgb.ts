import type { RawImage } from "thingscope/frames";

/** A picture in memory: three bytes a pixel, row by row, without gaps. */
export interface Rgb extends RawImage {
  readonly channels: 3;
}

/** A black one. Its memory starts at a multiple of 4, so it can be read as 32-bit words. */
export function blankRgb(width: number, height: number): Rgb {
  return { data: new Uint8Array(width * height * 3), width, height, channels: 3 };
}
