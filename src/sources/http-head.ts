const MAX_HEAD_BYTES = 16 * 1024;
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/;
const END = /\r?\n\r?\n/;

/** The head of an HTTP response. */
export interface HttpHead {
  readonly status: number;
  readonly statusText: string;
  /** Names in lower case; of one that stands twice, the first. */
  readonly headers: ReadonlyMap<string, string>;
}

/** A response that is not HTTP, or whose headers do not end. */
export class HttpFault extends Error {
  override readonly name = "HttpFault";
}

/** Reads the head of an HTTP/1 response from successive chunks. */
export class HttpHeadReader {
  #text = "";

  /**
   * @returns The head once it is whole, with the number of bytes of `piece` that belong to it.
   * @throws {HttpFault} If it is not HTTP, or has more than 16 KiB of headers.
   */
  read(piece: Uint8Array): { head: HttpHead; bytes: number } | undefined {
    const before = this.#text.length;
    this.#text += Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString("latin1");
    if (!"HTTP/1.".startsWith(this.#text.slice(0, 7))) {
      throw new HttpFault("does not speak HTTP: its response does not begin with HTTP/1.");
    }
    const end = END.exec(this.#text);
    const bytes = end ? end.index + end[0].length : this.#text.length;
    if (bytes > MAX_HEAD_BYTES) {
      throw new HttpFault(`sends more than ${MAX_HEAD_BYTES} bytes of headers.`);
    }
    if (!end) return undefined;
    const head = headOf(this.#text.slice(0, end.index));
    this.#text = "";
    return { head, bytes: bytes - before };
  }
}

function headOf(text: string): HttpHead {
  const [first = "", ...lines] = text.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/);
  const [, status, statusText = ""] = STATUS_LINE.exec(first) ?? [];
  if (status === undefined) {
    throw new HttpFault(`does not speak HTTP: its response begins with '${first.slice(0, 60)}'.`);
  }
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim().toLowerCase();
    if (colon > 0 && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return { status: Number(status), statusText, headers };
}
