import { readHead, readNumber } from "../../src/recording/matroska/ebml-read.ts";
import type { PlacedFrame } from "./frame-table.ts";

/** A file that is read in pieces. */
export interface ReadableFile {
  /** Bytes from a place on, fewer where the file ends. */
  read(at: number, length: number, signal: AbortSignal): Promise<Uint8Array>;
}

const SEGMENT = 0x18538067;
const INFO = 0x1549a966;
const TIMESTAMP_SCALE = 0x2ad7b1;
const DATE_UTC = 0x4461;
const CLUSTER = 0x1f43b675;
const TIMESTAMP = 0xe7;
const SIMPLE_BLOCK = 0xa3;
const BLOCK_GROUP = 0xa0;
const BLOCK = 0xa1;
const CONTAINERS = new Set([SEGMENT, INFO, CLUSTER, BLOCK_GROUP]);
const CLUSTER_BYTES = [0x1f, 0x43, 0xb6, 0x75];
const EPOCH_2001_MS = Date.UTC(2001, 0, 1);

const PIECE_BYTES = 256 * 1024;
const PEEK_BYTES = 32;

/**
 * The frames of a Matroska file of JPEGs that has no ledger, found by walking through it. Behind damage it goes on with the next
 * cluster; a file that is cut off has the frames before that.
 */
export async function* scanMkv(
  file: ReadableFile,
  signal: AbortSignal,
): AsyncGenerator<PlacedFrame, void> {
  const window = new Window(file, signal);
  let [zero, tickMs, clusterTick] = [0, 1, 0];
  for (let at = 0; ; ) {
    const bytes = await window.at(at, PEEK_BYTES);
    if (bytes.length === 0) return;
    const head = readHead(bytes);
    if (!head || (head.size > 2 ** 48 && !CONTAINERS.has(head.id))) {
      const next = await window.find(CLUSTER_BYTES, at + 1);
      if (next === undefined) return;
      at = next;
      continue;
    }
    const from = at + head.headBytes;
    if (CONTAINERS.has(head.id)) {
      at = from;
      continue;
    }
    const content = bytes.subarray(head.headBytes);
    if (head.id === TIMESTAMP_SCALE) tickMs = numberOf(content, head.size) / 1e6;
    if (head.id === DATE_UTC) zero = EPOCH_2001_MS + numberOf(content, head.size) / 1e6;
    if (head.id === TIMESTAMP) clusterTick = numberOf(content, head.size);
    if (head.id === SIMPLE_BLOCK || head.id === BLOCK) {
      const after = new DataView(content.buffer, content.byteOffset).getInt16(1);
      const isWhole = (await window.at(from + head.size - 1, 1)).length === 1;
      if (!isWhole) return; // it is cut off
      const capturedAt = zero + (clusterTick + after) * tickMs;
      yield { capturedAt, offset: from + 4, size: head.size - 4 };
    }
    at = from + head.size;
  }
}

function numberOf(content: Uint8Array, size: number): number {
  return readNumber(content.subarray(0, Math.min(size, 8)));
}

/** The piece of the file that is looked at. */
class Window {
  readonly #file: ReadableFile;
  readonly #signal: AbortSignal;
  #bytes = new Uint8Array();
  #at = 0;

  constructor(file: ReadableFile, signal: AbortSignal) {
    this.#file = file;
    this.#signal = signal;
  }

  async at(at: number, length: number): Promise<Uint8Array> {
    const from = at - this.#at;
    if (from < 0 || from + length > this.#bytes.length) {
      this.#bytes = Uint8Array.from(await this.#file.read(at, PIECE_BYTES, this.#signal));
      this.#at = at;
    }
    return this.#bytes.subarray(at - this.#at, at - this.#at + length);
  }

  /** Where these bytes stand next. */
  async find(wanted: readonly number[], from: number): Promise<number | undefined> {
    for (let at = from; ; at += PIECE_BYTES - wanted.length) {
      const piece = await this.at(at, PIECE_BYTES);
      for (let n = piece.indexOf(wanted[0]!); n >= 0; n = piece.indexOf(wanted[0]!, n + 1)) {
        if (wanted.every((byte, k) => piece[n + k] === byte)) return at + n;
      }
      if (piece.length < PIECE_BYTES) return undefined;
    }
  }
}
