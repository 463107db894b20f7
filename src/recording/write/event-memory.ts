import type { Frame } from "../../frames/frame.ts";
import type { PreRollLoans } from "./pre-roll.ts";
import { QueueBound } from "./write-queue.ts";

/**
 * What a recorder of events holds in memory, all its files together: new frames that wait for the disk, bounded as any queue; and
 * frames of the pre-roll that a file waits to write. The latter stay within the pre-roll's own bound: after they have left
 * it, they take the room of newer ones until they are written.
 */
export class EventMemory extends QueueBound implements PreRollLoans {
  /** JPEGs of the pre-roll that a file has yet to write, and which file. */
  readonly #lent = new Map<Uint8Array, object>();
  /** Those of them that the pre-roll holds no more. */
  readonly #outside = new Set<Uint8Array>();
  #outsideBytes = 0;

  get outsideBytes(): number {
    return this.#outsideBytes;
  }

  /** A file takes this frame out of the pre-roll: it does not count as a new one. */
  lend({ jpeg }: Frame, file: object): void {
    this.#lent.set(jpeg, file);
  }

  /** A file is closed: whatever its writer made of what was lent to it, it has nothing of that any more. */
  settle(file: object): void {
    for (const [jpeg, borrower] of this.#lent) if (borrower === file) this.release({ jpeg });
  }

  forgotten({ jpeg }: Frame): void {
    if (!this.#lent.has(jpeg)) return;
    this.#outside.add(jpeg);
    this.#outsideBytes += jpeg.length;
  }

  override admit(frame: Pick<Frame, "jpeg">): boolean {
    return this.#lent.has(frame.jpeg) || super.admit(frame);
  }

  override release(frame: Pick<Frame, "jpeg">): void {
    const { jpeg } = frame;
    if (!this.#lent.delete(jpeg)) super.release(frame);
    else if (this.#outside.delete(jpeg)) this.#outsideBytes -= jpeg.length;
  }
}
