import { encodeJpeg } from "../frames/codec/codec.ts";
import type { RawImage } from "../frames/pixels/pixel-formats.ts";
import { drawText, textWidth } from "../frames/pixels/pixel-text.ts";
import type { SourcePhase } from "./source-state.ts";

const STRIPE = [240, 167, 67] as const;
const MOST_WIDTH = 1280;
const MOST_LINES = 10;

/** Of which camera a picture is, and since when it has given no frames. */
export interface NoFramesAbout {
  readonly name: string;
  readonly state: SourcePhase;
  /** RFC 3339. */
  readonly since: string;
}

const TITLES: Partial<Record<SourcePhase, string>> = {
  stalled: "FRAMES STOPPED",
  disconnected: "DISCONNECTED",
};

/**
 * A picture for viewers that says why there are no frames, of the frames' size or smaller. Its striped bands are seen from
 * afar, so that nobody takes it for what the camera sees. The letters need no font.
 */
export function noFramesPicture(
  reason: string,
  frame: { width: number; height: number } = { width: 640, height: 480 },
  about?: NoFramesAbout,
): Promise<Uint8Array> {
  const width = Math.min(frame.width, MOST_WIDTH);
  const height = Math.max(1, Math.round((frame.height * width) / frame.width));
  const band = Math.max(4, Math.round(height / 24));
  const picture = stripedPicture(width, height, band);
  const margin = 2 * band;
  const scale = Math.max(1, Math.round(Math.min(width / 320, height / 240)));
  const top = margin + band;
  const title = (about && TITLES[about.state]) ?? "NO FRAMES";
  drawText(picture, title, { x: margin, y: top, scale: 2 * scale });
  const across = width - 2 * margin;
  const lines = [...(about ? linesOf(whoAndWhen(about), across, scale) : []), reason];
  const shown = lines.flatMap((line) => linesOf(line, across, scale)).slice(0, MOST_LINES);
  shown.forEach((line, n) => {
    drawText(picture, line, { x: margin, y: top + (22 + 11 * n) * scale, scale });
  });
  return encodeJpeg(picture);
}

/** Such as `DOOR SINCE 2026-11-29 22:31:05 UTC`. */
function whoAndWhen({ name, since }: NoFramesAbout): string {
  return `${name} since ${since.slice(0, 19).replace("T", " ")} UTC`;
}

/** The same where nothing can be drawn: 16 x 16 grey pixels. Its reason is told beside it. */
export const BARE_PICTURE: Uint8Array = Buffer.from(
  "/9j/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBDARES" +
    "EhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCAAQABADASIAAhEBAxEB" +
    "/8QAFQABAQAAAAAAAAAAAAAAAAAAAAX/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAABQb/xAAUEQEAAAAAAAAA" +
    "AAAAAAAAAAAA/9oADAMBAAIRAxEAPwCeAKUT/9k=",
  "base64",
);

function stripedPicture(width: number, height: number, band: number): RawImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < Math.min(band, height); y++) {
    for (let x = 0; x < width; x++) {
      if ((x + y) % (4 * band) >= 2 * band) continue;
      data.set(STRIPE, (y * width + x) * 3);
      data.set(STRIPE, ((height - 1 - y) * width + x) * 3);
    }
  }
  return { data, width, height, channels: 3 };
}

/** Broken between words; what is longer than a line is cut there. */
function linesOf(text: string, width: number, scale: number): string[] {
  const fits = (line: string) => textWidth(line, scale) <= width;
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line && !fits(`${line} ${word}`)) {
      lines.push(line);
      line = word;
    } else {
      line = line ? `${line} ${word}` : word;
    }
    while (!fits(line) && line.length > 1) {
      const letters = Math.max(1, Math.floor(width / (6 * scale)));
      lines.push(line.slice(0, letters));
      line = line.slice(letters);
    }
  }
  return [...lines, line].slice(0, MOST_LINES);
}
