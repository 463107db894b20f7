import type { SourceLoss } from "../frames/frame.ts";
import { GdpParser } from "../frames/gdp.ts";
import { JpegSplitter } from "../frames/jpeg-splitter.ts";
import { MultipartParser } from "../frames/multipart.ts";
import { BufferGaps } from "./buffer-gaps.ts";

/** How the pictures lie in a program's output: whole JPEG files one after another, multipart, or GStreamer's `gdppay`. */
export type Framing = "jpeg" | "multipart" | "gdp";

/** One picture out of a program's output; `ptsMs` is its presentation time, where the framing has one. */
export interface Picture {
  readonly jpeg: Uint8Array;
  readonly ptsMs?: number;
  /** What the program lost before it, where the framing tells. */
  readonly lossesBefore?: readonly SourceLoss[];
}

const LONGEST_PICTURE = 64 * 1024 * 1024; // bytes

/** A function that takes a program's output piece by piece and gives the pictures that are whole. */
export function pictureParser(framing: Framing): (chunk: Uint8Array) => Picture[] {
  if (framing === "gdp") return gdpPictures();
  if (framing === "multipart") {
    const parser = new MultipartParser({ maxPartBytes: LONGEST_PICTURE });
    return (chunk) => parser.push(chunk).map(({ body }) => ({ jpeg: body }));
  }
  const splitter = new JpegSplitter();
  return (chunk) => splitter.push(chunk).map((jpeg) => ({ jpeg }));
}

function gdpPictures(): (chunk: Uint8Array) => Picture[] {
  const parser = new GdpParser();
  const gaps = new BufferGaps();
  return (chunk) =>
    parser.push(chunk).map((buffer) => {
      const { payload, ptsNs } = buffer;
      const loss = gaps.before(buffer);
      return {
        jpeg: payload,
        ...(ptsNs !== undefined && { ptsMs: Number(ptsNs) / 1e6 }),
        ...(loss && { lossesBefore: [loss] }),
      };
    });
}
