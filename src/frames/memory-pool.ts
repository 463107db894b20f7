/** Pieces that wait to be used again; a stream needs one, and one more while a viewer is behind. */
const MAX_FREE = 4;
const PAGE = 4096;

/**
 * Memory for pictures that is used again, so that a stream of large ones neither asks the kernel for new pages nor keeps the
 * garbage collector busy. Whoever gives a piece back promises that nobody can see it any more.
 */
export class MemoryPool {
  readonly #free: Uint8Array[] = [];

  /** At least `bytes` long, with an eighth to spare for a larger picture to come; what it holds is arbitrary. */
  take(bytes: number): Uint8Array {
    const fits = this.#free.findIndex(
      ({ length }) => length >= bytes && length <= 4 * bytes + PAGE,
    );
    const [piece] = fits >= 0 ? this.#free.splice(fits, 1) : [];
    return piece ?? new Uint8Array(Math.ceil((bytes * 1.125) / PAGE) * PAGE);
  }

  giveBack(piece: Uint8Array): void {
    this.#free.push(piece);
    if (this.#free.length > MAX_FREE) this.#free.shift(); // the oldest no longer fits what comes
  }
}
