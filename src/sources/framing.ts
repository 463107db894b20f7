import type { ByteReader, MemoryFor } from "../base/byte-reader.ts";
import type { SourceLoss } from "../frames/frame.ts";
import { JpegSplitter } from "../frames/jpeg/jpeg-splitter.ts";
import { type GdpBuffer, GdpParser } from "../frames/wire/gdp.ts";
import { MultipartParser, type Part } from "../frames/wire/multipart.ts";
import { BufferGaps } from "./buffer-gaps.ts";

/** The framing of pictures in a program's output: whole JPEG files one after another, multipart, or GStreamer's `gdppay`. */
export type Framing = "jpeg" | "multipart" | "gdp";

/** One picture out of a program's output; `ptsMs` is its presentation time, where the framing has one. */
export interface Picture {
  readonly jpeg: Uint8Array;
  readonly ptsMs?: number;
  /** What the program lost before it, where the framing tells. */
  readonly lossBefore?: SourceLoss;
}

const LONGEST_PICTURE = 64 * 1024 * 1024; // bytes

/** Where pictures are put, and who is told of them. */
interface PictureTaker {
  memoryFor: MemoryFor;
  onPicture(picture: Picture): void;
}

/** A reader that passes each picture of a program's output to `taker` as soon as it is complete. */
export function pictureReader(framing: Framing, taker: PictureTaker): ByteReader {
  const memoryFor: MemoryFor = (bytes) => taker.memoryFor(bytes);
  if (framing === "jpeg") {
    return new JpegSplitter({ memoryFor, onJpeg: (jpeg) => taker.onPicture({ jpeg }) });
  }
  if (framing === "multipart") {
    const onPart = ({ body }: Part) => taker.onPicture({ jpeg: body });
    return new MultipartParser({ maxPartBytes: LONGEST_PICTURE, memoryFor, onPart });
  }
  const gaps = new BufferGaps();
  const onBuffer = (buffer: GdpBuffer) => taker.onPicture(pictureOf(buffer, gaps.before(buffer)));
  return new GdpParser({ memoryFor, onBuffer });
}

function pictureOf({ payload, ptsNs }: GdpBuffer, lossBefore?: SourceLoss): Picture {
  return {
    jpeg: payload,
    ...(ptsNs !== undefined && { ptsMs: Number(ptsNs) / 1e6 }),
    ...(lossBefore && { lossBefore }),
  };
}
