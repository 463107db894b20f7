import type { ByteReader } from "../../base/byte-reader.ts";

/** Media types in which no pictures of a camera come, however wrong its types are. */
const OTHER = /^(?:text\/event-stream|audio\/|font\/|model\/)/i;
/** Media types of which one looks into the body: cameras send pictures as `text/html`, which is their server's default. */
const DOUBTFUL =
  /^(?:text\/(?!plain)|application\/(?!octet-stream|x-octet|unknown)|video\/(?!x-motion-jpeg|x-mjpeg|x-jpeg|mjpeg|jpeg)|image\/(?!jpe?g|pjpeg|jfif|\*))/i;
/** What stands at the beginning of pictures: a boundary, or the start of a JPEG. */
const BEGINNINGS: readonly string[] = ["--", "\xff\xd8", "HT"]; // the last one is a second head, by a script that sends its own

/** Whether a response of this type may be motion JPEG: multipart, pictures one after another, one picture, or not said. */
export function mayBePictures(contentType: string): boolean {
  return !OTHER.test(contentType.trim());
}

/** Looks at the beginning of a body whose media type is one of pages, films or data, and which may hold pictures all the same. */
export class BodyDoubt {
  /** Whether the media type speaks against pictures. */
  readonly isDoubtful: boolean;
  #beginning = "";

  constructor(contentType: string) {
    this.isDoubtful = DOUBTFUL.test(contentType.trim());
  }

  /** Whether the body holds no pictures. `chunk` is what came next; absent at the end of the body. */
  isRefuted(chunk?: Uint8Array): boolean {
    if (!this.isDoubtful || BEGINNINGS.includes(this.#beginning)) return false;
    if (!chunk) return true;
    for (const byte of chunk) {
      const isBlank = byte === 10 || byte === 13 || byte === 32;
      if (isBlank && this.#beginning === "") continue;
      this.#beginning += String.fromCharCode(byte);
      if (this.#beginning.length === 2) return !BEGINNINGS.includes(this.#beginning);
    }
    return false;
  }
}

/** Gives another reader a body, unless that is refuted to be pictures. */
export class DoubtingReader implements ByteReader {
  readonly #inner: ByteReader;
  readonly #doubt: BodyDoubt;
  readonly #refuted: () => Error;

  /** @param refuted - What to throw. */
  constructor(inner: ByteReader, doubt: BodyDoubt, refuted: () => Error) {
    this.#inner = inner;
    this.#doubt = doubt;
    this.#refuted = refuted;
  }

  get ended(): boolean {
    return this.#inner.ended ?? false;
  }

  read(bytes: Uint8Array): void {
    if (this.#doubt.isRefuted(bytes)) throw this.#refuted();
    this.#inner.read(bytes);
  }

  place(): Uint8Array | undefined {
    return this.#inner.place();
  }

  received(count: number): void {
    this.#inner.received(count);
  }
}

/** Whether a response says that it is one picture. */
export function isOnePicture(contentType: string): boolean {
  return /^image\//i.test(contentType.trim());
}

/** The coding of a response that cannot be read as it is; undefined for one that is not coded. */
export function codingOf(contentEncoding: string): string | undefined {
  return /^(?:x-)?(?:zstd|compress)\b/i.exec(contentEncoding.trim())?.[0];
}
