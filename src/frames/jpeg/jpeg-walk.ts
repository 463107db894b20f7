import { indexOfByte } from "../../base/bytes.ts";
import { isRestart, isText, kindOfMarker } from "./jpeg-scan.ts";

const SOS = 0xda;

/** What the next byte is. `marker`, `skip` and `scan` pass over many at once. */
type Expected = "marker" | "code" | "length high" | "length low" | "skip" | "scan" | "scan code";

/**
 * Where a walk has come to: still inside of the JPEG, right behind its EOI, behind bytes that are no JPEG, or behind the SOI
 * of another JPEG that begins before this one has ended.
 */
export type WalkState = "inside" | "whole" | "broken" | "restarted";

/**
 * Follows the segments of one JPEG as its bytes come, in pieces of any length, to find its end: a thumbnail inside a segment
 * neither starts nor ends it. It checks no tables: `inspectJpeg` does.
 */
export class JpegWalk {
  state: WalkState = "inside";
  /** Whether bytes stood before a marker: cameras pad their headers so, and a picture that was cut off in one goes on so with the next. */
  isOdd = false;
  #expected: Expected = "marker";
  #hasScan = false;
  /** Of the marker whose segment is being read. */
  #code = 0;
  #isAtStart = true;
  #segmentLeft = 0;

  /** An SOI has been read: what comes next is the first marker behind it. */
  begin(): void {
    this.state = "inside";
    this.#expected = "marker";
    this.#hasScan = false;
    this.#isAtStart = true;
    this.isOdd = false;
  }

  /** Takes bytes from `at` on, until they end or `state` is no longer "inside". @returns Where the next byte is. */
  pass(chunk: Uint8Array, at: number): number {
    let next = at;
    while (next < chunk.length && this.state === "inside") next = this.#step(chunk, next);
    return next;
  }

  #step(chunk: Uint8Array, at: number): number {
    if (this.#expected === "scan") return this.#passScan(chunk, at);
    if (this.#expected === "skip") return this.#passSegment(chunk, at);
    if (this.#expected === "marker") return this.#passToMarker(chunk, at);
    const byte = chunk[at]!;
    if (this.#expected === "code") this.#readCode(byte);
    else if (this.#expected === "scan code") this.#readScanCode(byte);
    else this.#readLength(byte);
    return at + 1;
  }

  /** Bytes before a marker belong to the picture, as for `inspectJpeg`: not right behind its start. */
  #passToMarker(chunk: Uint8Array, at: number): number {
    if (this.#isAtStart && chunk[at] !== 0xff) {
      this.state = "broken";
      return at;
    }
    this.#isAtStart = false;
    const found = indexOfByte(chunk, 0xff, at);
    this.isOdd ||= found !== at;
    if (found < 0) return chunk.length;
    this.#expected = "code";
    return found + 1;
  }

  #readCode(code: number): void {
    if (code === 0xff) return;
    const kind = kindOfMarker(code);
    if (kind === "start") {
      this.state = "restarted";
    } else if (kind === "end" && this.#hasScan) {
      this.state = "whole";
    } else if (code === 0 || kind === "alone") {
      this.#expected = "marker";
    } else if (kind === "segment") {
      this.#code = code;
      this.#expected = "length high";
    } else {
      this.state = "broken";
    }
  }

  #readLength(byte: number): void {
    if (this.#expected === "length high") {
      this.#segmentLeft = byte << 8;
      this.#expected = "length low";
      return;
    }
    this.#segmentLeft += byte - 2;
    if (isText(this.#code)) this.#segmentLeft = Math.max(0, this.#segmentLeft);
    if (this.#segmentLeft < 0) this.state = "broken";
    else this.#expected = "skip";
    if (this.#segmentLeft === 0) this.#endSegment();
  }

  #passSegment(chunk: Uint8Array, at: number): number {
    const passed = Math.min(this.#segmentLeft, chunk.length - at);
    this.#segmentLeft -= passed;
    if (this.#segmentLeft === 0) this.#endSegment();
    return at + passed;
  }

  #endSegment(): void {
    const isScan = this.#code === SOS;
    this.#hasScan ||= isScan;
    this.#expected = isScan ? "scan" : "marker";
  }

  #passScan(chunk: Uint8Array, at: number): number {
    for (let next = at; ; next += 2) {
      const found = indexOfByte(chunk, 0xff, next);
      if (found < 0) return chunk.length;
      const code = chunk[found + 1];
      next = found;
      if (code === 0) continue; // a stuffed zero: nearly all of them
      this.#expected = "scan code";
      return found + 1;
    }
  }

  #readScanCode(code: number): void {
    if (code === 0 || isRestart(code)) this.#expected = "scan";
    else this.#readCode(code);
  }
}

/** Where the JPEG at the beginning of `bytes` ends, behind its EOI; -1 if it does not end in them. */
export function endOfJpeg(bytes: Uint8Array): number {
  const walk = new JpegWalk();
  const end = walk.pass(bytes, 2);
  return walk.state === "whole" ? end : -1;
}
