import type { ByteWindow } from "./byte-window.ts";
import {
  type BlockElement,
  type ClusterElement,
  type Element,
  elementIn,
  PEEK_BYTES,
} from "./elements.ts";
import { PIECE_BYTES } from "./file-bytes.ts";
import { ID } from "./matroska.ts";
import { isWholePicture } from "./whole-picture.ts";

/** What is looked through in one turn of the event loop. */
const STRIDE_BYTES = 256 * 1024;
const CLUSTER = Buffer.of(0x1f, 0x43, 0xb6, 0x75);
/** No JPEG that a stream takes is larger. */
const MOST_BYTES = 64 * 2 ** 20;

/**
 * The next element behind damage: a cluster with a block in it, or a block with one whole picture in it.
 * @param limit - It ends here at the latest.
 */
export async function nextElement(
  window: ByteWindow,
  from: number,
  limit: number,
): Promise<ClusterElement | BlockElement | undefined> {
  for (let at = from; at < limit; ) {
    const stride = Math.min(STRIDE_BYTES, limit - at);
    const piece = Math.min(PIECE_BYTES - (at % PIECE_BYTES), limit - at);
    const many = await window.at(at, stride + PEEK_BYTES);
    const bytes = many ?? (await window.at(at, piece));
    const length = many ? stride : piece;
    const copy = Buffer.from(bytes ?? ""); // the window moves on with each look
    for (let n = candidate(copy, 0); n >= 0 && n < length; n = candidate(copy, n + 1)) {
      const element = elementIn(copy.subarray(n, n + PEEK_BYTES), at + n);
      const real = element && (await realElement(window, element, limit));
      if (real) return real;
    }
    at += length;
  }
  return undefined;
}

async function realElement(
  window: ByteWindow,
  element: Element,
  limit: number,
): Promise<ClusterElement | BlockElement | undefined> {
  if (element.end > limit) return undefined;
  if (element.kind === "cluster") {
    const next = await window.at(element.end, PEEK_BYTES);
    return next && elementIn(next, element.end)?.kind === "block" ? element : undefined;
  }
  if (element.kind !== "block" || element.size > MOST_BYTES) return undefined;
  const jpeg = await window.at(element.offset, element.size);
  return jpeg && isWholePicture(jpeg, element.offset) ? element : undefined;
}

/** The next place at which either may begin; -1 when there is none. */
function candidate(bytes: Buffer, from: number): number {
  const cluster = bytes.indexOf(CLUSTER, from);
  const block = nextBlock(bytes, from);
  if (cluster < 0 || block < 0) return Math.max(cluster, block);
  return Math.min(cluster, block);
}

function nextBlock(bytes: Buffer, from: number): number {
  for (
    let at = bytes.indexOf(ID.SimpleBlock, from);
    at >= 0;
    at = bytes.indexOf(ID.SimpleBlock, at + 1)
  ) {
    if (bytes[at + 5] === 0x81 && bytes[at + 8] === 0x80 && bytes[at + 9] === 0xff) return at;
  }
  return -1;
}
