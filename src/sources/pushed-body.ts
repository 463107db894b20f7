import type { ByteReader, MemoryFor } from "../base/byte-reader.ts";
import { ThingError } from "../base/errors.ts";
import { hex } from "../frames/jpeg/jpeg-fault.ts";
import { JpegSplitter } from "../frames/jpeg/jpeg-splitter.ts";
import { boundaryOf, MultipartParser } from "../frames/wire/multipart.ts";
import type { MultipartOptions } from "../frames/wire/part.ts";

/** A picture out of a body, with the headers that came with it. */
export interface PushedPicture {
  readonly jpeg: Uint8Array;
  readonly headers: ReadonlyMap<string, string>;
}

interface BodyOptions {
  /** Of the request, by name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly maxFrameBytes: number;
  readonly memoryFor: MemoryFor;
  onPicture(picture: PushedPicture): void;
}

/** Of a picture of which nothing was said. */
export const NO_HEADERS: ReadonlyMap<string, string> = new Map();

/** Reads a body. */
interface BodyReader extends ByteReader {
  /** Why it had no picture, in a few words. */
  readonly fault?: string | undefined;
}

/** The length of a body that is one picture; undefined for one of many. @throws {ThingError} `BODY_TOO_LARGE`. */
export function lengthOfPicture(
  headers: Readonly<Record<string, string>>,
  maxFrameBytes: number,
): number | undefined {
  const length = headers["content-length"];
  if (length === undefined || isMultipart(headers)) return undefined;
  if (Number(length) <= maxFrameBytes) return Number(length);
  throw new ThingError(
    "BODY_TOO_LARGE",
    `The picture has ${length} bytes; at most ${maxFrameBytes} are accepted here (max_frame_bytes). Send smaller pictures.`,
  );
}

/** A reader for the body of a request: one JPEG of a known length, JPEGs one after another, or multipart, whatever the client calls it. */
export function pushedBody(options: BodyOptions): BodyReader {
  const { headers, maxFrameBytes, memoryFor, onPicture } = options;
  const own = new Map(Object.entries(headers));
  const length = lengthOfPicture(headers, maxFrameBytes);
  if (length !== undefined) {
    const memory = memoryFor(length) ?? new Uint8Array(length);
    return new OnePicture(memory, (jpeg) => onPicture({ jpeg, headers: own }));
  }
  if (isMultipart(headers)) return multipart(options, boundaryOf(headers["content-type"] ?? ""));
  return new Sniffed((first) =>
    first === SOI
      ? new JpegSplitter({
          ...{ maxBytes: maxFrameBytes, memoryFor },
          onJpeg: (jpeg) => onPicture({ jpeg, headers: NO_HEADERS }),
        })
      : multipart(options),
  );
}

function multipart(options: BodyOptions, boundary?: string): MultipartBody {
  const { maxFrameBytes: maxPartBytes, memoryFor, onPicture } = options;
  return new MultipartBody({
    ...{ boundary, maxPartBytes, memoryFor },
    onPart: ({ headers, body: jpeg }) => onPicture({ jpeg, headers }),
  });
}

/** Multipart that says why it had no picture. */
class MultipartBody extends MultipartParser {
  #others = 0;

  constructor(options: MultipartOptions) {
    super({
      ...options,
      onOther: () => {
        this.#others += 1;
      },
    });
  }

  override get fault(): string {
    return this.#others > 0 ? `${OTHERS} (${this.#others} left out)` : super.fault;
  }
}

const OTHERS = "only parts of the media type image/jpeg are taken";
/** Characters of a text message that is no JSON, and no picture either. */
const LONGEST_WORD = 64;
const CUT_OFF = "it is cut off before its end marker (EOI)";
const SOI = 0xff;
const HYPHEN = 0x2d;
/** Line ends, with which a multipart body may begin. */
const LINE_END: ReadonlySet<number | undefined> = new Set([10, 13]);

function isMultipart(headers: Readonly<Record<string, string>>): boolean {
  return /^\s*multipart\//i.test(headers["content-type"] ?? "");
}

/** A body that is one picture, received where the stream keeps it. */
class OnePicture implements ByteReader {
  readonly #memory: Uint8Array;
  readonly #onWhole: (jpeg: Uint8Array) => void;
  #filled = 0;

  constructor(memory: Uint8Array, onWhole: (jpeg: Uint8Array) => void) {
    this.#memory = memory;
    this.#onWhole = onWhole;
  }

  read(bytes: Uint8Array): void {
    this.#memory.set(bytes, this.#filled);
    this.received(bytes.length);
  }

  place(): Uint8Array {
    return this.#memory.subarray(this.#filled);
  }

  received(count: number): void {
    this.#filled += count;
    if (this.#filled === this.#memory.length) this.#onWhole(this.#memory);
  }
}

/** Decides by the first byte what reads the rest: clients name such bodies as they like, or not at all. */
class Sniffed implements ByteReader {
  readonly #readerFor: (first: number) => BodyReader;
  #reader: BodyReader | undefined;
  #begin: number[] = [];

  constructor(readerFor: (first: number) => BodyReader) {
    this.#readerFor = readerFor;
  }

  get ended(): boolean {
    return this.#reader?.ended ?? false;
  }

  get fault(): string | undefined {
    const [first] = this.#begin;
    if (first === undefined || first === HYPHEN) return this.#reader?.fault;
    if (first === SOI) return CUT_OFF;
    return `it begins with ${this.#begin.map(hex).join(" ")} instead of FF D8`;
  }

  read(bytes: Uint8Array): void {
    const first = this.#reader ? undefined : bytes.find((byte) => !LINE_END.has(byte));
    if (first !== undefined) {
      this.#reader = this.#readerFor(first);
      const at = bytes.indexOf(first);
      this.#begin = Array.from(bytes.subarray(at, at + 4));
    }
    this.#reader?.read(bytes);
  }

  place(): undefined {}

  received(): void {}
}

/**
 * Headers of a message that describes the picture after it: JSON with `timestamp` (s), `age` (s) and `index`. A word, such as the
 * `ping` of programs that keep their connection alive, says nothing.
 * @throws {ThingError} `BAD_FRAME` for any other text: it may be a picture, in base64.
 */
export function headersInText(text: string): ReadonlyMap<string, string> {
  const named = { timestamp: "x-timestamp", age: "age", index: "x-frame-index" } as const;
  const said = objectIn(text);
  const entries = Object.entries(named).flatMap(([name, header]) => {
    const value: unknown = Reflect.get(said, name);
    return typeof value === "number" ? [[header, String(value)] as const] : [];
  });
  return new Map(entries);
}

function objectIn(text: string): object {
  try {
    const said: unknown = JSON.parse(text);
    if (typeof said === "object" && said !== null) return said;
  } catch {
    // a word, or something else that is no JSON: told apart below
  }
  if (text.length <= LONGEST_WORD) return {};
  const sentence = `Text must be JSON, such as {"age":0.02}. Send pictures as binary messages.`; // a close frame has room for 123 bytes
  throw new ThingError("BAD_FRAME", sentence);
}
