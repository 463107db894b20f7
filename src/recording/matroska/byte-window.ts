import type { FileHandle } from "node:fs/promises";
import { delay } from "../../base/abort.ts";
import { now } from "../../base/clock.ts";
import { isUnreadable, read, readIfReadable } from "./file-bytes.ts";

/** Reads a file from its beginning to its end, a large piece at a time, and tells where the disk cannot. */
export class ByteWindow {
  readonly size: number;
  readonly #file: FileHandle;
  readonly #pieceBytes: number;
  readonly #share: number;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  /**
   * @param size - Of the file.
   * @param share - Of the time for which the disk is asked; the rest is left to others.
   */
  constructor(file: FileHandle, size: number, pieceBytes: number, share = 1) {
    this.#file = file;
    this.size = size;
    this.#pieceBytes = pieceBytes;
    this.#share = share;
  }

  /** Bytes that stay as they are until the next call, fewer where the file ends; undefined where the disk cannot read them. */
  async at(at: number, length: number): Promise<Buffer | undefined> {
    const wanted = Math.max(0, Math.min(length, this.size - at));
    const from = at - this.#at;
    if (from >= 0 && from + wanted <= this.#bytes.length) {
      return this.#bytes.subarray(from, from + wanted);
    }
    const begun = now();
    try {
      const piece = Math.min(Math.max(wanted, this.#pieceBytes), this.size - at);
      this.#bytes = await read(this.#file, at, Math.max(0, piece));
      this.#at = at;
      if (this.#share < 1) await delay((now() - begun) * (1 / this.#share - 1));
      return this.#bytes.subarray(0, wanted);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return readIfReadable(this.#file, at, wanted);
    }
  }
}
