const MAX_HEAD_BYTES = 16 * 1024;
const MAX_FIRST_LINE_BYTES = 1024;
/** `HTTP/1.1 200 OK`, and what else servers begin with: `ICY 200 OK`, `HTTP 200`. */
const STATUS_LINE = /^[a-z]+(?:\/\d(?:\.\d)?)?[ \t]+(\d{3})(?:[ \t]+(.*?))?[ \t]*$/i;
const HEADER_LINE = /^[\w-]+[ \t]*:/;
const END = /\n\r*\n/; // what stands before it is trimmed: a pattern that began with \r would try each one of many
/** What a header may stand for several times, as one list. */
const LISTS: ReadonlySet<string> = new Set(["www-authenticate"]);

/** The head of an HTTP response. */
export interface HttpHead {
  readonly status: number;
  readonly statusText: string;
  /** Names in lower case; of one that stands twice, the first, of challenges all. */
  readonly headers: ReadonlyMap<string, string>;
}

/** A response that is not HTTP, or whose headers do not end. */
export class HttpFault extends Error {
  override readonly name = "HttpFault";
}

/**
 * Reads the head of an HTTP/1 response from successive chunks, and of servers that have part of one only: without a status line, or
 * as HTTP/0.9 with pictures at once.
 */
export class HttpHeadReader {
  #text = "";

  /**
   * @returns The head once it is whole, with the bytes behind it, which belong to the body.
   * @throws {HttpFault} If it is not HTTP, or has more than 16 KiB of headers.
   */
  read(piece: Uint8Array): { head: HttpHead; rest: Uint8Array } | undefined {
    const before = this.#text.length;
    this.#text += Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString("latin1");
    const start = this.#text.search(/[^\r\n]/);
    if (start < 0 || this.#text.length < start + 2) return undefined;
    if (isBody(this.#text, start)) return this.#bare();
    this.#checkFirstLine(start);
    const end = END.exec(this.#text.slice(start));
    const length = end ? start + end.index + end[0].length : this.#text.length;
    if (length > MAX_HEAD_BYTES) {
      throw new HttpFault(`sends more than ${MAX_HEAD_BYTES} bytes of headers.`);
    }
    if (!end) return undefined;
    const head = headOf(this.#text.slice(start, start + end.index));
    this.#text = "";
    return { head, rest: piece.subarray(length - before) };
  }

  /** All that has come is body. */
  #bare(): { head: HttpHead; rest: Uint8Array } {
    const rest = Buffer.from(this.#text, "latin1");
    this.#text = "";
    return { head: { status: 200, statusText: "", headers: new Map() }, rest };
  }

  #checkFirstLine(start: number): void {
    const end = this.#text.indexOf("\n", start);
    const line = this.#text.slice(start, end < 0 ? undefined : end).trimEnd();
    const isWhole = end >= 0;
    const isHead = STATUS_LINE.test(line) || HEADER_LINE.test(line);
    const isHopeless = /[^\t\x20-\xff]/.test(line) || line.length > MAX_FIRST_LINE_BYTES;
    if (isHopeless || (isWhole && !isHead)) throw notHttp(line);
  }
}

/** Whether pictures begin without any head: with a boundary or with a JPEG. */
function isBody(text: string, start: number): boolean {
  return text.startsWith("--", start) || text.startsWith("\xff\xd8", start);
}

function headOf(text: string): HttpHead {
  const whole = text.split("\n").map((line) => line.trimEnd());
  const lines = whole
    .join("\n")
    .replace(/\n[ \t]+/g, " ")
    .split("\n");
  const [, status = "200", statusText = ""] = STATUS_LINE.exec(lines[0] ?? "") ?? [];
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    if (colon <= 0 || (before !== undefined && !LISTS.has(name))) continue;
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return { status: Number(status), statusText, headers };
}

function notHttp(line: string): HttpFault {
  const shown = line.slice(0, 60).replace(/[^\x20-\x7e]/g, "?");
  return new HttpFault(`does not speak HTTP: its response begins with '${shown}'.`);
}
