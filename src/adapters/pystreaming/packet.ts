import { decodeRgb } from "../../frames/pixels/codec.ts";
import type { RawImage } from "../../frames/pixels/pixel-formats.ts";
import { Lanes } from "./lanes.ts";
import { loads } from "./pickle.ts";
import { dumps, dumpsFloat } from "./pickle-writer.ts";
import { badMessage, type PythonValue } from "./python-value.ts";

/** What a number means that is no frame's: the answers of a Streamer to who asks for one. */
export const STOPSTREAM = -1;
export const FRAMEMISS = -2;
export const TRACKMISS = -3;

/** What a Streamer answers instead of a frame. */
export const NOTHING = Buffer.from("nil");

/** What belongs to a frame on its way. */
export interface PacketFields {
  /** One JPEG file. */
  readonly buf: Uint8Array;
  /** Whatever its sender wants to tell of it; `null` unless somebody said otherwise. */
  readonly meta: PythonValue;
  /** When it was sent, or captured, in seconds since the Unix epoch on its sender's clock. */
  readonly ftime: number;
  /** Its number: counts up from 0 at its Streamer. */
  readonly fno: number;
}

/** One frame as it travels between Streamer, Worker and Receiver. */
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

  /** The pixels, red first. They are decoded when they are asked for first. Rejects with `BAD_FRAME`. */
  get arr(): Promise<RawImage> {
    this.#arr ??= this.#decode();
    return this.#arr;
  }

  /** Draws on the pixels once they are wanted: the JPEG, which is what is sent, stays as it is. */
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
  if (!Number.isSafeInteger(fno)) throw badMessage(`A frame's number is an integer, not ${fno}.`);
  return [buf, dumps(meta), dumpsFloat(ftime), dumps(fno)];
}

/**
 * What four parts of a message say.
 * @throws {ThingError} `BAD_MESSAGE` for another number of parts, or for what is no number where a number belongs.
 */
export function fieldsOf(parts: readonly Uint8Array[]): PacketFields {
  const [buf, meta, ftime, fno] = parts;
  if (!buf || !meta || !ftime || !fno || parts.length !== 4) {
    throw badMessage(`A frame comes in 4 parts, this message has ${parts.length}.`);
  }
  const number = loads(fno);
  if (typeof number !== "number" || !Number.isInteger(number)) {
    throw badMessage("The number of a frame is no integer.");
  }
  if (number < 0) return { buf, meta: null, ftime: 0, fno: number };
  return { buf, meta: loads(meta), ftime: timeIn(ftime), fno: number };
}

/** @throws {ThingError} `BAD_MESSAGE` unless it is a number. */
export function timeIn(pickle: Uint8Array): number {
  const time = loads(pickle);
  if (typeof time !== "number" || !Number.isFinite(time)) {
    throw badMessage("The time of a frame is no number. Send a float of seconds: time.time().");
  }
  return time;
}
