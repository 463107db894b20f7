import { decodeRgb } from "../../frames/codec/codec.ts";
import type { RawImage } from "../../frames/pixels/pixel-formats.ts";
import { Lanes } from "./lanes.ts";
import { loads } from "./pickle.ts";
import { dumps, dumpsFloat } from "./pickle-writer.ts";
import { badMessage, type PythonValue } from "./python-value.ts";

/** Numbers with which a Streamer replies when it has no frame. */
export const STOPSTREAM = -1;
export const FRAMEMISS = -2;
export const TRACKMISS = -3;

/** The JPEG's place in such a reply. */
export const NOTHING = Buffer.from("nil");

/** The fields of a frame's message. */
export interface PacketFields {
  /** One JPEG file. */
  readonly buf: Uint8Array;
  /** The sender's metadata; `null` by default. */
  readonly meta: PythonValue;
  /** When it was sent, or captured, in seconds since the Unix epoch on its sender's clock. */
  readonly ftime: number;
  /** Its number: counts up from 0 at its Streamer. */
  readonly fno: number;
}

/** One frame as it is sent between Streamer, Worker and Receiver. */
export class Packet implements PacketFields {
  readonly buf: Uint8Array;
  meta: PythonValue;
  ftime: number;
  fno: number;
  readonly #lanes: Lanes;
  readonly #changes: ((picture: RawImage) => void)[] = [];
  #arr: Promise<RawImage> | undefined;

  /** @param lanes - How many pictures may be decoded at once. */
  constructor({ buf, meta, ftime, fno }: PacketFields, lanes = new Lanes(1)) {
    this.buf = buf;
    this.meta = meta;
    this.ftime = ftime;
    this.fno = fno;
    this.#lanes = lanes;
  }

  /** The RGB pixels, decoded at the first access. Rejects with `BAD_FRAME`. */
  get arr(): Promise<RawImage> {
    this.#arr ??= this.#decode();
    return this.#arr;
  }

  /** Draws on the pixels once they are decoded. The JPEG, which is what is sent, does not change. */
  draw(change: (picture: RawImage) => void): void {
    if (this.#arr) this.#arr = this.#arr.then((picture) => drawnOn(picture, change));
    else this.#changes.push(change);
  }

  async #decode(): Promise<RawImage> {
    const picture = await this.#lanes.run(() => decodeRgb(this.buf));
    for (const change of this.#changes) change(picture);
    return picture;
  }
}

function drawnOn(picture: RawImage, change: (picture: RawImage) => void): RawImage {
  const copy = { ...picture, data: Uint8Array.from(picture.data) };
  change(copy);
  return copy;
}

/** The four parts of a message: the JPEG itself, and three pickles. @throws {ThingError} `BAD_MESSAGE` */
export function partsOf({ buf, meta, ftime, fno }: PacketFields): Uint8Array[] {
  if (!Number.isSafeInteger(fno))
    throw badMessage(`A frame's number must be an integer, not ${fno}.`);
  return [buf, dumps(meta), dumpsFloat(ftime), dumps(fno)];
}

/**
 * Parses the four parts of a message.
 * @throws {ThingError} `BAD_MESSAGE` for another number of parts, or an invalid number or time.
 */
export function fieldsOf(parts: readonly Uint8Array[]): PacketFields {
  const [buf, meta, ftime, fno] = parts;
  if (!buf || !meta || !ftime || !fno || parts.length !== 4) {
    throw badMessage(`A frame must have 4 parts, but this message has ${parts.length}.`);
  }
  const number = loads(fno);
  if (typeof number !== "number" || !Number.isInteger(number)) {
    throw badMessage("The number of a frame is not an integer.");
  }
  if (number < 0) return { buf, meta: null, ftime: 0, fno: number };
  return { buf, meta: loads(meta), ftime: timeIn(ftime), fno: number };
}

/** @throws {ThingError} `BAD_MESSAGE` unless it is a number. */
export function timeIn(pickle: Uint8Array): number {
  const time = loads(pickle);
  if (typeof time !== "number" || !Number.isFinite(time)) {
    throw badMessage("The time of a frame is not a number. Send a float of seconds: time.time().");
  }
  return time;
}
