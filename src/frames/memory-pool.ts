/** Free blocks that are kept: a stream needs one, and one more while a viewer is behind. */
const MAX_FREE = 4;
/** More may wait while they are no more than this together: a recorder gives many back at a time. */
const MAX_FREE_BYTES = 4 * 2 ** 20;
const PAGE = 4096;

/**
 * Reuses memory for pictures, so that a stream of large ones neither requests new pages from the kernel nor keeps the garbage
 * collector busy. A block must not be used after it has been given back.
 */
export class MemoryPool {
  readonly #free: Uint8Array[] = [];
  #freeBytes = 0;

  /** At least `bytes` long, with an eighth to spare for a larger picture to come; what it holds is arbitrary. */
  take(bytes: number): Uint8Array {
    const fits = this.#free.findLastIndex(
      ({ length }) => length >= bytes && length <= 4 * bytes + PAGE,
    ); // the block given back last is most likely in the processor's cache
    const [piece] = fits >= 0 ? this.#free.splice(fits, 1) : [];
    this.#freeBytes -= piece?.length ?? 0;
    return piece ?? new Uint8Array(Math.ceil((bytes * 1.125) / PAGE) * PAGE);
  }

  giveBack(piece: Uint8Array): void {
    this.#free.push(piece);
    this.#freeBytes += piece.length;
    while (this.#free.length > MAX_FREE && this.#freeBytes > MAX_FREE_BYTES) {
      this.#freeBytes -= this.#free.shift()?.length ?? 0; // the oldest no longer fits what comes
    }
  }
}
