import type { FileHandle } from "node:fs/promises";
import { readHead, readNumber } from "./ebml.ts";
import { read } from "./file-bytes.ts";
import { BLOCK_HEAD_BYTES, type ClusterPlace, ID } from "./matroska.ts";
import { type FileHead, MAX_HEAD_BYTES, readFileHead } from "./matroska-head.ts";

/** A whole frame in a file. */
export interface Block {
  readonly kind: "block";
  /** Where the JPEG stands. */
  readonly offset: number;
  /** Bytes of the JPEG. */
  readonly size: number;
  readonly tick: number;
}

/** The beginning of a cluster in a file. */
export interface Cluster extends ClusterPlace {
  readonly kind: "cluster";
  /** Bytes of its content; Infinity while it was not known. */
  readonly size: number;
}

/** What stands between the head of a block and its JPEG: track, time, flags. */
const TRACK_AND_TIME_BYTES = 4;
/** Enough for the head of any element of a recording. */
const PEEK_BYTES = 32;

/** Reads what stands before the first frame. @throws {ThingError} `BAD_RECORDING`. */
export async function headOf(file: FileHandle): Promise<FileHead> {
  const { size } = await file.stat();
  return readFileHead(await read(file, 0, Math.min(size, MAX_HEAD_BYTES)));
}

/** The clusters and whole frames from `at` to where the file ends, is torn, or has its cues. */
export async function* scan(file: FileHandle, at: number): AsyncGenerator<Block | Cluster> {
  const { size: fileSize } = await file.stat();
  let clusterTick = 0;
  for (let position = at; position < fileSize; ) {
    const peek = await read(file, position, Math.min(PEEK_BYTES, fileSize - position));
    const head = readHead(peek);
    if (!head) return;
    const from = position + head.headBytes;
    const end = from + head.size;
    if (head.id === ID.Cluster) {
      const tick = clusterTimestamp(peek.subarray(head.headBytes));
      if (tick === undefined) return;
      clusterTick = tick;
      yield { kind: "cluster", at: position, tick, size: head.size };
      position = from;
      continue;
    }
    if (end > fileSize) return;
    if (head.id === ID.SimpleBlock) {
      const offset = position + BLOCK_HEAD_BYTES;
      if (offset > end || offset !== from + TRACK_AND_TIME_BYTES) return; // a torn head
      const tick = clusterTick + peek.readInt16BE(head.headBytes + 1);
      yield { kind: "block", offset, size: end - offset, tick };
    } else if (head.id !== ID.Timestamp) return; // cues, or what the disk had there before
    position = end;
  }
}

function clusterTimestamp(content: Uint8Array): number | undefined {
  const head = readHead(content);
  if (head?.id !== ID.Timestamp || content.length < head.headBytes + head.size) return undefined;
  return readNumber(content.subarray(head.headBytes, head.headBytes + head.size));
}
