import type { FileHandle } from "node:fs/promises";
import { ByteWindow } from "./byte-window.ts";
import { elementIn, PEEK_BYTES } from "./elements.ts";
import { PIECE_BYTES, readBeginning } from "./file-bytes.ts";
import type { ClusterPlace } from "./matroska.ts";
import { type FileHead, MAX_HEAD_BYTES, readFileHead } from "./matroska-head.ts";
import { nextElement } from "./resync.ts";

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

/** Reads what stands before the first frame. @throws {ThingError} `BAD_RECORDING`. */
export async function headOf(file: FileHandle): Promise<FileHead> {
  const { size } = await file.stat();
  return readFileHead(await readBeginning(file, Math.min(size, MAX_HEAD_BYTES)));
}

/**
 * The clusters and frames from `at` to where the file ends, is torn, or has its cues. It goes on behind what is damaged; whether a
 * frame's own bytes have changed is not looked at.
 */
export async function* scan(file: FileHandle, at: number): AsyncGenerator<Block | Cluster> {
  const { size: fileSize } = await file.stat();
  const window = new ByteWindow(file, fileSize, PIECE_BYTES);
  let clusterTick = 0;
  for (let position = at; position < fileSize; ) {
    const peek = await window.at(position, PEEK_BYTES);
    const element = peek && elementIn(peek, position);
    if (element?.kind === "cues") return;
    if (!element || element.end > fileSize) {
      const next = await nextElement(window, position + 1, fileSize);
      if (!next) return;
      position = next.at;
      continue;
    }
    position = element.end;
    if (element.kind === "cluster") {
      clusterTick = element.tick;
      yield { kind: "cluster", at: element.at, tick: element.tick, size: element.size };
    } else if (element.kind === "block") {
      const { offset, size, after } = element;
      yield { kind: "block", offset, size, tick: clusterTick + after };
    }
  }
}
