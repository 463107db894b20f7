import type { ByteReader, MemoryFor } from "../../base/byte-reader.ts";
import { GrowingBytes } from "../../base/bytes.ts";
import { MAX_JPEG_BYTES } from "../jpeg/jpeg.ts";
import { JpegWalk, type WalkState } from "../jpeg/jpeg-walk.ts";
import { mendedJpeg } from "../jpeg/mended-jpeg.ts";
import { BodySearch } from "./body-search.ts";
import { LineReader } from "./line-reader.ts";
import type { MultipartOptions, Part } from "./part.ts";
import { MAX_HEAD_BYTES, PartHead } from "./part-head.ts";
import { brokenOff, cutAtBoundary, PartLengths, partTooLong, streamBroken } from "./part-length.ts";

export { boundaryOf } from "./boundary.ts";
export type { Part } from "./part.ts";

const SOI = Uint8Array.of(0xff, 0xd8);
const MAX_NOISE_BYTES = 1024 * 1024; // between two pictures

/**
 * Parses a stream of pictures as cameras, relays, ffmpeg (`-f mpjpeg`) and GStreamer (`multipartmux`) send it: multipart with all that
 * cameras get wrong about it, or JPEGs that follow one another. Where what frames a picture contradicts the JPEG, the JPEG's own
 * end counts, and so it does without a length. A part whose length is right is copied once, or not at all, and its bytes are
 * not looked at. Parts of other media types are passed over and counted.
 */
export class MultipartParser implements ByteReader {
  /** Whether the closing boundary has come; nothing is read after it. */
  ended = false;
  given = 0; // parts so far
  readonly #maxPartBytes: number;
  readonly #memoryFor: MemoryFor;
  readonly #onPart: (part: Part) => void;
  readonly #onOther: () => void;
  readonly #head: PartHead;
  readonly #walk = new JpegWalk();
  readonly #picture: GrowingBytes;
  #state: "head" | "other" | "sized" | "search" | "picture" = "head";
  #parts: Part[] = [];
  readonly #lines = new LineReader((count) => this.#pass(count));
  #noise = 0; // bytes since the last part: a stream without any fails
  #headBytes = 0;
  /** Of the part that is being read. */
  #headers: ReadonlyMap<string, string> = new Map();
  #body: Uint8Array = new Uint8Array(0);
  #filled = 0;
  #isEmpty = false; // was the part before: a picture that follows without headers is its body
  readonly #lengths = new PartLengths();
  #trustsLengths = true; // until one is wrong: then pictures are given at their own end
  #search: BodySearch | undefined;
  #isRereading = false; // of bytes in which a picture broke off

  constructor({
    boundary,
    maxPartBytes = MAX_JPEG_BYTES,
    memoryFor = () => undefined,
    onPart = (part) => this.#parts.push(part),
    onOther = () => {},
  }: MultipartOptions = {}) {
    this.#head = new PartHead(boundary);
    this.#picture = new GrowingBytes(memoryFor);
    this.#maxPartBytes = maxPartBytes;
    this.#memoryFor = memoryFor;
    this.#onPart = onPart;
    this.#onOther = onOther;
  }

  /**
   * The parts that `chunk` completes, in memory of their own.
   * @throws {ThingError} `SOURCE_FAILED` when neither pictures nor boundaries come, or a header or a body is too long.
   */
  push(chunk: Uint8Array): Part[] {
    this.#parts = [];
    this.read(chunk);
    return this.#parts;
  }

  /** @throws {ThingError} As `push` does. */
  read(chunk: Uint8Array): void {
    this.#lines.beginChunk();
    for (let at = 0; at < chunk.length && !this.ended; ) {
      if (this.#state === "sized") at = this.#fillBody(chunk, at);
      else if (this.#state === "picture") at = this.#followPicture(chunk, at);
      else if (this.#state === "search") at = this.#searchBody(chunk, at);
      else at = this.#readLine(chunk, at);
    }
    this.#lines.beginChunk(); // this one may have been within another
  }

  place(): Uint8Array | undefined {
    return this.#state === "sized" ? this.#body.subarray(this.#filled) : undefined;
  }

  received(count: number): void {
    const before = this.#filled;
    this.#filled += count;
    const isEnd = this.#filled === this.#body.length;
    if (isEnd && this.#lengths.isRight(this.#body)) this.#endPart(this.#body);
    else if (isEnd || this.#lengths.isTooLarge(this.#body, before, this.#filled)) this.#reread();
    else if (this.#lengths.hasEnded(this.#body, this.#filled))
      this.#endPart(this.#body.subarray(0, this.#lengths.endedAt));
  }

  /** Whether a part has begun and not ended: more bytes belong to it. */
  get isInside(): boolean {
    return this.#state !== "head" || this.#head.isBegun || this.#lines.line !== "";
  }

  /** The boundary that the stream has, without its dashes; undefined before the first. */
  get boundary(): string | undefined {
    return this.#head.boundaryText === "" ? undefined : this.#head.known;
  }

  /** What is wrong with a stream that gave no part, in a few words. */
  get fault(): string {
    return brokenOff(this.#state, this.#filled, this.#body.length) ?? this.#head.fault;
  }

  /** Lines before a part, up to where its body or a picture begins. */
  #readLine(chunk: Uint8Array, at: number): number {
    const lines = this.#lines;
    const next = lines.read(chunk, at);
    if (lines.state === "picture") return this.#foundStart(next);
    if (lines.state === "line") {
      const line = lines.line.trimEnd();
      lines.line = "";
      if (this.#state === "other") this.#readOther(line);
      else this.#readHead(line);
    }
    return next;
  }

  /** Three bytes before `next` a JPEG begins, or so it seems. @returns Where the next byte is. */
  #foundStart(next: number): number {
    if (this.#state === "other") {
      if (this.#noise > 0 && this.#head.boundaryText !== "") return this.#lines.keepStart(next); // else its type was wrong
    }
    this.#beginPicture(this.#lines.line);
    return next - 1; // its third byte is the first of a marker
  }

  #pass(count: number): void {
    if (this.#state === "other" && this.#noise === 0 && count > 0) this.#onOther();
    this.#noise += count;
    this.#headBytes += count;
    const isHead = this.#state === "head" && this.#head.hasBoundary;
    if (isHead && this.#headBytes > MAX_HEAD_BYTES) throw streamBroken(this.fault, MAX_HEAD_BYTES);
    const most = this.#state === "other" ? this.#maxPartBytes : MAX_NOISE_BYTES;
    if (this.#noise > Math.min(most, this.#maxPartBytes))
      throw streamBroken(this.#head.fault, this.#noise);
  }

  #readHead(line: string): void {
    const kind = this.#head.take(line);
    if (kind === "closing") this.ended = true;
    else if (kind === "boundary") this.#headBytes = 0;
    else if (kind === "end") this.#beginBody();
  }

  /** A part that is no picture ends where its boundary stands, be it in the middle of a line. */
  #readOther(line: string): void {
    const { boundaryText } = this.#head;
    const at = boundaryText === "" ? -1 : line.indexOf(boundaryText);
    if (at < 0 && (boundaryText !== "" || !line.startsWith("--"))) return;
    this.#state = "head";
    this.#noise = 0;
    this.#readHead(line.slice(Math.max(0, at)));
  }

  #beginBody(): void {
    const { length, isOther } = this.#head;
    this.#headers = this.#head.headers;
    this.#isEmpty = false;
    this.#noise = this.#headBytes = 0;
    if (length === 0) {
      this.#head.next();
      this.#isEmpty = true;
      this.#give(new Uint8Array(0));
    } else if (isOther) {
      this.#state = "other";
      this.#head.next();
    } else if (length === undefined || length > this.#maxPartBytes || !this.#trustsLengths) {
      this.#beginSearch();
    } else {
      this.#body = this.#memoryFor(length) ?? new Uint8Array(length);
      this.#filled = 0;
      this.#lengths.begin();
      this.#state = "sized";
      this.#head.next();
    }
  }

  #beginSearch(broken?: Uint8Array): void {
    this.#search = new BodySearch(this.#head.boundaryText, this.#maxPartBytes);
    if (broken) this.#search.resume(broken);
    this.#state = "search";
    this.#head.next();
  }

  #fillBody(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.#body.length - this.#filled);
    this.#body.set(chunk.subarray(at, end), this.#filled);
    this.received(end - at);
    return end;
  }

  /** What came of a part with a length is read without it. */
  #reread(): void {
    const bytes = this.#body.subarray(0, this.#filled);
    const { given } = this;
    this.#body = new Uint8Array(0);
    this.#beginSearch();
    this.#trustsLengths = false; // also for the heads of parts in these bytes
    this.read(bytes);
    this.#trustsLengths = this.given === given;
  }

  #searchBody(chunk: Uint8Array, at: number): number {
    const search = this.#search!;
    const next = search.read(chunk, at);
    if (search.state === "picture") {
      const broken = search.takeBroken();
      if (broken) this.#give(broken);
      this.#beginPicture("");
      if (broken) this.#headers = new Map();
      return next - 1; // its third byte is the first of a marker
    }
    if (search.state === "boundary") {
      this.#state = "head";
      this.#lines.line = this.#head.boundaryText;
      const body = search.take();
      if (body.length > 0) this.#endPart(body);
    }
    return next;
  }

  /** @param line - What stands before it in its line may be a header. */
  #beginPicture(line: string): void {
    if (this.#state === "head") {
      if (line !== "") this.#head.take(line.trimEnd());
      if (this.#head.isBegun || !this.#isEmpty) this.#headers = this.#head.headers;
      this.#head.next();
    }
    this.#isEmpty = false;
    this.#lines.line = "";
    this.#state = "picture";
    this.#picture.clear();
    this.#picture.append(SOI);
    this.#walk.begin();
  }

  #followPicture(chunk: Uint8Array, at: number): number {
    const next = this.#walk.pass(chunk, at);
    const { state } = this.#walk;
    this.#picture.append(chunk.subarray(at, next));
    if (this.#picture.length > this.#maxPartBytes)
      throw partTooLong(this.#picture.length, this.#maxPartBytes);
    if (state !== "inside") this.#endPicture(this.#picture.take(), state);
    return next;
  }

  /** The end of the stream: a picture whose end marker alone is missing is given. */
  end(): void {
    const picture = this.#state === "picture" && mendedJpeg(this.#picture.take());
    if (picture) this.#endPart(picture);
  }

  #endPicture(bytes: Uint8Array, state: WalkState): void {
    const mayBeTwo = state !== "whole" || this.#walk.isOdd; // cut off in its header, it goes on with the next one's bytes
    if (mayBeTwo && this.#splitAtBoundary(bytes, state === "whole")) return;
    if (state === "whole") this.#endPart(bytes);
    else if (state === "broken") this.#beginSearch(bytes);
    else {
      if (bytes.length > 2 * SOI.length) this.#endPart(bytes.slice(0, -SOI.length)); // else its start is doubled
      this.#beginPicture("");
    }
  }

  /** A picture broke off, and its boundary has come: it is given as far as it goes, for whoever counts. */
  #splitAtBoundary(bytes: Uint8Array, needsStart: boolean): boolean {
    if (this.#isRereading) return false;
    const cut = cutAtBoundary(bytes, this.#head.boundaryText, needsStart);
    if (!cut) return false;
    this.#endPart(cut.before);
    this.#isRereading = true;
    this.read(cut.rest);
    this.#isRereading = false;
    return true;
  }

  #endPart(body: Uint8Array): void {
    this.#state = "head";
    this.#body = new Uint8Array(0);
    this.#noise = this.#headBytes = 0;
    this.#give(body);
  }

  #give(body: Uint8Array): void {
    this.given += 1;
    this.#onPart({ headers: this.#headers, body });
  }
}
