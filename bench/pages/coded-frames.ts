import { renderSvg } from "../../src/frames/codec/codec.ts";

/** Frames that say which they are: 8 bars across the picture, black or white, for 8 bits. */
export const CODES = 64;
export const BITS = 8;

/** @returns A JPEG for each code, with grass in the rest of the picture so that its size is a camera's. */
export function codedFrames(width: number, height: number): Promise<Uint8Array[]> {
  return Promise.all(
    Array.from({ length: CODES }, (_, code) => {
      const bars = Array.from({ length: BITS }, (_, bit) => {
        const colour = (code >> bit) & 1 ? "white" : "black";
        return `<rect x="${bit * 10}" y="0" width="10" height="20" fill="${colour}"/>`;
      });
      const grass = Array.from({ length: 300 }, (_, n) => {
        const [x, y] = [(n * 37) % 80, 22 + ((n * 53) % 38)];
        return `<path d="M ${x} ${y} l ${(n % 7) - 3} ${(n % 5) - 2}" stroke="hsl(${(n * 47) % 360} 60% 50%)"/>`;
      });
      const svg = `<svg viewBox="0 0 80 60" preserveAspectRatio="none">${bars.join("")}${grass.join("")}</svg>`;
      return renderSvg(svg, { width, height, quality: 85 });
    }),
  );
}

/**
 * A script that notes when each code is seen on `picture()`, looking at every frame that the browser paints:
 * `seen` has `[code, epoch ms]`.
 */
export function lookingFor(picture: string): string {
  return `(() => {
    const seen = [];
    const pen = new OffscreenCanvas(${BITS}, 1).getContext("2d", { willReadFrequently: true });
    const picture = () => ${picture};
    let last = -1;
    let isLooking = true;
    globalThis.stopLooking = () => { isLooking = false; };
    const look = () => {
      if (isLooking) requestAnimationFrame(look);
      const shown = picture();
      const width = shown && (shown.naturalWidth || shown.width);
      const height = shown && (shown.naturalHeight || shown.height);
      if (!width || width <= 4) return;
      pen.drawImage(shown, 0, height / 6 - 1, width, 2, 0, 0, ${BITS}, 1);
      const { data } = pen.getImageData(0, 0, ${BITS}, 1);
      let code = 0;
      for (let bit = 0; bit < ${BITS}; bit++) if (data[4 * bit] > 127) code |= 1 << bit;
      if (code !== last) seen.push([code, performance.timeOrigin + performance.now()]);
      last = code;
    };
    look();
    return (globalThis.seenCodes = seen) && undefined;
  })()`;
}
