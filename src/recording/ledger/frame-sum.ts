import { crc32 } from "node:zlib";
import type { LedgerFrame } from "./ledger.ts";

/** Which frames somebody was given, in order: two sums are alike when place and bytes of every frame are. */
export class FrameSum {
  #sum = 0;

  static of(frames: Iterable<LedgerFrame>): FrameSum {
    const sum = new FrameSum();
    for (const { offset, crc } of frames) sum.#add(offset, crc);
    return sum;
  }

  /** @param offset - Where its JPEG stands in the file. */
  add(offset: number, jpeg: Uint8Array): void {
    this.#add(offset, crc32(jpeg));
  }

  equals(other: FrameSum): boolean {
    return this.#sum === other.#sum;
  }

  #add(offset: number, crc: number): void {
    this.#sum = crc32(`${offset} ${crc}\n`, this.#sum);
  }
}
