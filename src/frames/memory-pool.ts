/** Pieces that wait to be used again: a stream needs one, and one more while a viewer is behind. */
const MAX_FREE = 4;
/** More may wait while they are no more than this together: a recorder gives many back at a time. */
const MAX_FREE_BYTES = 4 * 2 ** 20;
const PAGE = 4096;

/**
 * Memory for pictures that is used again, so that a stream of large ones neither asks the kernel for new pages nor keeps the
 * garbage collector busy. Whoever gives a piece back promises that nobody can see it any more.
 */
export class MemoryPool {
  readonly #free: Uint8Array[] = [];
  #freeBytes = 0;

  /** At least `bytes` long, with an eighth to spare for a larger picture to come; what it holds is arbitrary. */
  take(bytes: number): Uint8Array {
    const fits = this.#free.findLastIndex(
      ({ length }) => length >= bytes && length <= 4 * bytes + PAGE,
    ); // what was given back last is likeliest to be in the processor's cache
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
