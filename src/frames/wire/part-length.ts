import { indexOfByte } from "../../base/bytes.ts";
import { ThingError } from "../../base/errors.ts";
import { endOfJpeg, JpegWalk } from "../jpeg/jpeg-walk.ts";

const DASH = 45;
const CR = 13;
const LF = 10;
const EOI = 0xd9;
/** What stands behind the end of a picture and belongs to no other. */
const PADDING: ReadonlySet<number | undefined> = new Set([0, CR, LF, 32, 0xff]);
/** Where a picture says that others follow it in one file (CIPA DC-007), bytes from its start. */
const MPF_WITHIN = 16 * 1024;
/** How far before the end of what has come a boundary is looked for. */
const TAIL_BYTES = 256;

/**
 * Judges the stated lengths of a stream's parts. Until one was right, the end of each picture is looked for as its bytes come; then
 * they are not looked at any more, but for a boundary that comes too early.
 */
export class PartLengths {
  readonly #walk = new JpegWalk();
  /** Where the picture of a part that has not ended has ended, if it was looked for and found. */
  endedAt = 0;
  #walked = 0;
  #wasRight = false;

  /** A part begins. */
  begin(): void {
    this.#walk.begin();
    this.#walked = this.endedAt = 0;
  }

  /** Whether the picture at the beginning of an unfinished `body` has ended, and what is behind it is no part of it. What came last stands from `before` to `filled`. */
  isTooLarge(body: Uint8Array, before: number, filled: number): boolean {
    if (this.#wasRight) return hasEarlyEnd(body, before, filled);
    if (filled < 2 || !beginsJpeg(body)) return false;
    this.#walked = this.#walk.pass(body.subarray(0, filled), Math.max(2, this.#walked));
    if (this.#walk.state !== "whole") return false;
    this.endedAt ||= this.#walked;
    while (this.#walked < filled && body[this.#walked] === 0) this.#walked += 1;
    return this.#walked < filled && body[this.#walked] !== 0xff; // another JPEG may belong to the part (MPO)
  }

  /**
   * Whether a picture ends with the last byte that came, before its stated length: until one was right, the picture does not wait
   * for what may be behind it, which a camera sends with its next one. One that says it is the first of several (MPO) does.
   */
  hasEnded(body: Uint8Array, filled: number): boolean {
    const hasEnded = !this.#wasRight && this.#walk.state === "whole" && this.#walked === filled;
    return hasEnded && indexOfText(body.subarray(0, MPF_WITHIN), "MPF\0") < 0;
  }

  /** Whether `body`, which has its stated length, may be a picture that ends there, or holds no picture. */
  isRight(body: Uint8Array): boolean {
    const isRight = !contradicts(body);
    this.#wasRight ||= isRight;
    return isRight;
  }
}

/** Where an ASCII text begins in `bytes`, or -1. */
function indexOfText(bytes: Uint8Array, text: string): number {
  const first = text.charCodeAt(0);
  for (let at = indexOfByte(bytes, first, 0); at >= 0; at = indexOfByte(bytes, first, at + 1)) {
    let length = 1;
    while (length < text.length && bytes[at + length] === text.charCodeAt(length)) length++;
    if (length === text.length) return at;
  }
  return -1;
}

/** Where bytes end before a boundary at `at`: the line end that leads it is not theirs. */
function endBefore(bytes: Uint8Array, at: number): number {
  if (bytes[at - 1] !== LF) return at;
  return bytes[at - 2] === CR ? at - 2 : at - 1;
}

/**
 * A picture that broke off, and what has come of the next part.
 * @param needsStart - Whether it is only taken for one if another picture begins behind the boundary.
 * @returns Undefined if the boundary is not in it.
 */
export function cutAtBoundary(
  bytes: Uint8Array,
  boundaryText: string,
  needsStart: boolean,
): { readonly before: Uint8Array; readonly rest: Uint8Array } | undefined {
  const at = boundaryText === "" ? -1 : indexOfText(bytes, boundaryText);
  const rest = bytes.subarray(Math.max(0, at));
  if (at <= 0 || (needsStart && !hasStart(rest))) return undefined;
  return { before: bytes.slice(0, endBefore(bytes, at)), rest };
}

export function partTooLong(bytes: number, most: number): ThingError {
  return new ThingError(
    "SOURCE_FAILED",
    `A part of the multipart stream has at least ${bytes} bytes; at most ${most} are allowed. Lower the picture size or quality of the camera, or raise max_frame_bytes where there is such an option.`,
  );
}

export function streamBroken(fault: string, bytes: number): ThingError {
  return new ThingError(
    "SOURCE_FAILED",
    `The stream of pictures is broken: ${fault} within ${bytes} bytes. Check that its address gives motion JPEG ` +
      `(multipart/x-mixed-replace).`,
  );
}

/** Whether a body is no JPEG that ends there, and one begins in it all the same. */
function contradicts(body: Uint8Array): boolean {
  if (!beginsJpeg(body)) return hasStart(body) || endsInStart(body);
  let at = body.length - 1;
  while (at > 2 && PADDING.has(body[at])) at--;
  return body[at] !== EOI || body[at - 1] !== 0xff;
}

/** Whether the JPEG has ended, and a boundary stands behind it. Only near the ends of what came last is looked. */
function hasEarlyEnd(body: Uint8Array, before: number, filled: number): boolean {
  if (!beginsJpeg(body)) return false;
  const first = Math.max(2, before - 6);
  const tail = Math.max(first, filled - TAIL_BYTES);
  const isSeen =
    hasEndAndBoundary(body, first, Math.min(before + 8, filled)) ||
    hasEndAndBoundary(body, tail, filled);
  return isSeen && endOfJpeg(body.subarray(0, filled)) > 0;
}

function beginsJpeg(body: Uint8Array): boolean {
  return body[0] === 0xff && body[1] === 0xd8;
}

function hasStart(body: Uint8Array): boolean {
  for (let at = indexOfByte(body, 0xff, 0); at >= 0; at = indexOfByte(body, 0xff, at + 1)) {
    if (body[at + 1] === 0xd8 && body[at + 2] === 0xff) return true;
  }
  return false;
}

/** Whether a body that is cut off here may be the first bytes of a picture. */
function endsInStart(body: Uint8Array): boolean {
  const [before, last] = [body.at(-2), body.at(-1)];
  return last === 0xff || (before === 0xff && last === 0xd8);
}

function hasEndAndBoundary(body: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at + 3 < to; at++) {
    if (body[at] !== 0xff || body[at + 1] !== EOI) continue;
    let behind = at + 2;
    while (behind < to && (body[behind] === CR || body[behind] === LF)) behind++;
    if (behind + 1 < to && body[behind] === DASH && body[behind + 1] === DASH) return true;
  }
  return false;
}

/**
 * Why a stream that has ended within its first part, or after parts of other types, gave no picture, in a few words.
 * @param came - Bytes of a part that states its length.
 */
export function brokenOff(state: string, came: number, stated: number): string | undefined {
  if (state === "other") return "its parts are of other media types";
  if (state === "search") return "its first part has no whole JPEG";
  if (state === "sized") return `its first picture broke off after ${came} of ${stated} bytes`;
  return state === "picture" ? "its first picture broke off" : undefined;
}
