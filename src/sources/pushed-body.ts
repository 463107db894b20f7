import type { ByteReader, MemoryFor } from "../base/byte-reader.ts";
import { ThingError } from "../base/errors.ts";
import { JpegSplitter } from "../frames/jpeg/jpeg-splitter.ts";
import { boundaryOf, MultipartParser } from "../frames/wire/multipart.ts";

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
export function pushedBody(options: BodyOptions): ByteReader {
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
          onJpeg: (jpeg) => onPicture({ jpeg, headers: NONE }),
        })
      : multipart(options),
  );
}

function multipart(options: BodyOptions, boundary?: string): MultipartParser {
  const { maxFrameBytes: maxPartBytes, memoryFor, onPicture } = options;
  return new MultipartParser({
    ...{ boundary, maxPartBytes, memoryFor },
    onPart: ({ headers, body: jpeg }) => onPicture({ jpeg, headers }),
  });
}

const NONE: ReadonlyMap<string, string> = new Map();
const SOI = 0xff;
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
  readonly #readerFor: (first: number) => ByteReader;
  #reader: ByteReader | undefined;

  constructor(readerFor: (first: number) => ByteReader) {
    this.#readerFor = readerFor;
  }

  get ended(): boolean {
    return this.#reader?.ended ?? false;
  }

  read(bytes: Uint8Array): void {
    const first = this.#reader ? undefined : bytes.find((byte) => !LINE_END.has(byte));
    if (first !== undefined) this.#reader = this.#readerFor(first);
    this.#reader?.read(bytes);
  }

  place(): undefined {}

  received(): void {}
}

/** Headers of a message that describes the picture after it: JSON with `timestamp` (s), `age` (s) and `index`. */
export function headersInText(text: string): ReadonlyMap<string, string> {
  const named = { timestamp: "x-timestamp", age: "age", index: "x-frame-index" } as const;
  try {
    const said: unknown = JSON.parse(text);
    const entries = Object.entries(named).flatMap(([name, header]) => {
      const value: unknown = Reflect.get(Object(said), name);
      return typeof value === "number" ? [[header, String(value)] as const] : [];
    });
    return new Map(entries);
  } catch {
    return NONE;
  }
}
