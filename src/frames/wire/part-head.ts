import { bareBoundary, readBoundary } from "./boundary.ts";

/** The text before one part, in bytes: some cameras send the settings of each picture in it. */
export const MAX_HEAD_BYTES = 256 * 1024;
/** A line before which no boundary stands is a header only if it looks like one all through. */
const STRICT = /^[\w-]+[ \t]*:[\t\x20-\x7e\xa0-\xff]*$/;
const TYPE = /^(?:text|audio|video|application|message|multipart|image|font|model)\//i;
const PICTURE = /^(?:image\/(?:jpe?g|pjpeg|jfif|jpe|\*)|application\/octet-stream)\s*(?:;|$)/i;

/** What a line was: a boundary, the one that closes the stream, the end of the headers, or none of these. */
type LineKind = "boundary" | "closing" | "end" | "text";

/** The lines before a part: its boundary and headers, as far as they are there. */
export class PartHead {
  /** Names in lower case. */
  headers = new Map<string, string>();
  /** The boundary that is expected, without dashes: the one that was declared, else the one sent last. */
  known: string | undefined;
  /** As the last boundary line had it; empty before the first. */
  boundaryText = "";
  /** Whether a boundary of this part has come. */
  hasBoundary = false;
  /** The header that a line which begins with a blank continues. */
  #folded = "";

  readonly #declared: string | undefined;

  /** @param declared - The boundary, with or without quotes and leading `--`. */
  constructor(declared: string | undefined) {
    this.#declared = declared === undefined ? undefined : bareBoundary(declared);
    this.known = this.#declared;
  }

  /** What is missing, in a few words, with the boundary that was declared and the one that came. */
  get fault(): string {
    const differs = this.#declared !== undefined && this.known !== this.#declared;
    const sent = differs ? `, the stream has --${this.known}` : "";
    const name = this.#declared === undefined ? "" : ` (expected is --${this.#declared}${sent})`;
    if (this.hasBoundary) return `the headers of a part do not end${name}`;
    return `no boundary has come${name}, nor a picture,`;
  }

  /** Whether any line of this part has come. */
  get isBegun(): boolean {
    return this.hasBoundary || this.headers.size > 0;
  }

  /** The stated length, bytes; undefined unless it is a number. */
  get length(): number | undefined {
    const stated = this.headers.get("content-length");
    return stated !== undefined && /^\d+$/.test(stated) ? Number(stated) : undefined;
  }

  /** Whether a media type says that this part is no JPEG. */
  get isOther(): boolean {
    const type = this.headers.get("content-type") ?? "";
    return TYPE.test(type) && !PICTURE.test(type);
  }

  /** Takes one line without its end. */
  take(line: string): LineKind {
    const boundary = readBoundary(line, this.known);
    if (boundary) {
      this.next();
      this.known = boundary.name;
      this.boundaryText = boundary.text;
      this.hasBoundary = true;
      for (const header of boundary.headers) this.#header(header);
      return boundary.isClosing ? "closing" : "boundary";
    }
    if (line === "") return this.isBegun ? "end" : "text";
    const before = this.headers.get(this.#folded);
    if (/^[ \t]/.test(line) && before !== undefined)
      this.headers.set(this.#folded, `${before} ${line.trim()}`.trim());
    else if (this.hasBoundary || STRICT.test(line)) this.#header(line);
    return "text";
  }

  /** The part has begun: what comes next belongs to the one after it. */
  next(): void {
    this.headers = new Map();
    this.hasBoundary = false;
    this.#folded = "";
  }

  #header(line: string): void {
    const colon = line.indexOf(":");
    if (colon <= 0) return;
    this.#folded = line.slice(0, colon).trim().toLowerCase();
    this.headers.set(this.#folded, line.slice(colon + 1).trim());
  }
}
