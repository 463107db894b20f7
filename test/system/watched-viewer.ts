import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { MJPEGReader } from "thingscope/client";
import { now } from "../../src/base/clock.ts";
import type { Captured } from "../recording/accounts.ts";
import type { RecorderProcess } from "./recorder-process.ts";

/** How often a viewer looks whether its process still runs, and what is no standstill of it, ms. */
const [LOOK_MS, STILL_MS] = [10, 100];

/** A viewer that takes every frame it is sent, comes back when it is cut off, and remembers what it saw. */
export class WatchedViewer {
  readonly seen: (Captured & { readonly ageMs: number })[] = [];
  /** When this process had no processor: a server sends nobody a frame who does not read. */
  readonly #standstills: { readonly from: number; readonly to: number }[] = [];
  #lookedAt = now();
  readonly #looking = setInterval(() => this.#look(), LOOK_MS);
  readonly #leaving = new AbortController();
  readonly #reading: Promise<void>;

  constructor(url: string) {
    this.#reading = this.#read(url);
  }

  async leave(): Promise<void> {
    clearInterval(this.#looking);
    this.#leaving.abort();
    await this.#reading;
  }

  /** Whether this process ran when the frame was captured. */
  couldSee({ capturedAt }: Captured): boolean {
    return this.#standstills.every(({ from, to }) => capturedAt < from || capturedAt > to);
  }

  #look(): void {
    const [from, to] = [this.#lookedAt, now()];
    this.#lookedAt = to;
    if (to - from > STILL_MS) this.#standstills.push({ from, to });
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
