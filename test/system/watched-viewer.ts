import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { MJPEGReader } from "thingscope/client";
import type { Captured } from "../recording/accounts.ts";
import type { RecorderProcess } from "./recorder-process.ts";

/** A viewer that takes every frame it is sent, comes back when it is cut off, and remembers what it saw. */
export class WatchedViewer {
  readonly seen: (Captured & { readonly ageMs: number })[] = [];
  readonly #leaving = new AbortController();
  readonly #reading: Promise<void>;

  constructor(url: string) {
    this.#reading = this.#read(url);
  }

  async leave(): Promise<void> {
    this.#leaving.abort();
    await this.#reading;
  }

  async #read(url: string): Promise<void> {
    const { signal } = this.#leaving;
    const reader = new MJPEGReader(url, { every: true, reconnect: true, signal });
    for await (const { run, index, jpeg, capturedAt = 0, receivedAt } of reader) {
      this.seen.push({ run, index, capturedAt, crc: crc32(jpeg), ageMs: receivedAt - capturedAt });
    }
  }

  /**
   * That each frame that was seen was captured, and as it was, and that they came in order. A process that is killed may have
   * sent one more frame than it told of. @returns how many.
   */
  assertNothingInvented({ captured, untold }: RecorderProcess): number {
    const placeOf = new Map(captured.map(({ run, index }, place) => [`${run}/${index}`, place]));
    let newest = -1;
    for (const { run, index, crc } of this.seen) {
      const place = placeOf.get(`${run}/${index}`);
      if (place === undefined && untold.has(`${run}/${index}`)) continue;
      assert.ok(place !== undefined, `a viewer saw ${run}/${index}, which was never captured`);
      assert.equal(crc, captured[place]!.crc, `a viewer saw another picture for ${run}/${index}`);
      assert.ok(place > newest, `a viewer saw ${run}/${index} after a later frame`);
      newest = place;
    }
    return this.seen.length;
  }
}
