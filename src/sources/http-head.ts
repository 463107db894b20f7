/** As browsers have it: cameras behind a portal get cookies of many kB. */
const MAX_HEAD_BYTES = 256 * 1024;
const MAX_FIRST_LINE_BYTES = 1024;
/** `HTTP/1.1 200 OK`, and what else servers begin with: `ICY 200 OK`, `HTTP 200`, `HTTP/1.0 200OK`. */
const STATUS_LINE = /^[a-z]+(?:\/\d+(?:\.\d+)?)?[ \t]+(\d{3})(?!\d)[ \t]*(.*)$/i;
const HEADER_LINE = /^[\w-]+[ \t]*:/;
/** Line ends, and the mark of UTF-8 that a script's file begins with. */
const BEFORE = /^(?:[\r\n]|\xef\xbb\xbf)+/;
const BEFORE_BEGUN = /^\xef\xbb?$/;
/** Where a head ends. What stands before it is trimmed: a pattern that began with \r would try each one of many. */
const END = /\n\r{0,3}\n/g;
const LONGEST_END = 5;
/** Headers that may stand several times, and what stands between their values then. */
const LISTS: ReadonlyMap<string, string> = new Map([
  ["www-authenticate", ", "],
  ["set-cookie", "\n"], // a comma stands in its dates
]);

/** The head of an HTTP response. */
export interface HttpHead {
  readonly status: number;
  readonly statusText: string;
  /** Names in lower case; of one that stands twice, the first; of challenges, and of cookies in a line each, all. */
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
  /** With what came before the text. */
  #bytes = 0;

  /**
   * @returns The head once it is whole, with the bytes behind it, which belong to the body.
   * @throws {HttpFault} If it is not HTTP, or has more than 256 KiB of headers.
   */
  read(piece: Uint8Array): { head: HttpHead; rest: Uint8Array } | undefined {
    const known = this.#text.length;
    const came = Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString("latin1");
    this.#text = known > 0 ? this.#text + came : came;
    if (known < 3) this.#text = this.#text.replace(BEFORE, "");
    this.#bytes += piece.length;
    const text = this.#text;
    const hasBegun = text.length >= 2 && !BEFORE_BEGUN.test(text);
    if (hasBegun && isBody(text)) return this.#bare();
    if (hasBegun) this.#checkFirstLine();
    END.lastIndex = Math.max(0, known - LONGEST_END);
    const end = END.exec(text);
    const behind = end ? text.length - end.index - end[0].length : 0;
    if (this.#bytes - behind > MAX_HEAD_BYTES)
      throw new HttpFault(`sends more than ${MAX_HEAD_BYTES} bytes of headers.`);
    if (!end) return undefined;
    this.#text = "";
    this.#bytes = 0;
    return { head: headOf(text.slice(0, end.index)), rest: piece.subarray(piece.length - behind) };
  }

  /** All that has come is body. */
  #bare(): { head: HttpHead; rest: Uint8Array } {
    const rest = Buffer.from(this.#text, "latin1");
    this.#text = "";
    this.#bytes = 0;
    return { head: { status: 200, statusText: "", headers: new Map() }, rest };
  }

  #checkFirstLine(): void {
    const end = this.#text.indexOf("\n");
    const line = this.#text.slice(0, end < 0 ? undefined : end).trimEnd();
    const isWhole = end >= 0;
    const isHead = STATUS_LINE.test(line) || HEADER_LINE.test(line);
    const isHopeless = /[^\t\x20-\xff]/.test(line) || line.length > MAX_FIRST_LINE_BYTES;
    if (isHopeless || (isWhole && !isHead)) throw notHttp(line);
  }
}

/** Whether pictures begin without any head: with a boundary or with a JPEG. */
function isBody(text: string): boolean {
  return text.startsWith("--") || text.startsWith("\xff\xd8");
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
    const between = LISTS.get(name);
    if (colon <= 0 || (before !== undefined && between === undefined)) continue;
    headers.set(name, before === undefined ? value : `${before}${between}${value}`);
  }
  return { status: Number(status), statusText, headers };
}

function notHttp(line: string): HttpFault {
  const shown = line.slice(0, 60).replace(/[^\x20-\x7e]/g, "?");
  return new HttpFault(`does not speak HTTP: its response begins with '${shown}'.`);
}
