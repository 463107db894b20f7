/** A request or an answer of RTSP. */
export interface RtspMessage {
  /** Its first line. */
  readonly first: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

interface Listener {
  readonly onMessage: (message: RtspMessage) => void;
  /** Bytes of pictures and sound that lie between messages, as they came. */
  readonly onData: (bytes: Buffer) => void;
}

const LONGEST_MESSAGE = 64 * 1024; // bytes
const DOLLAR = 0x24;
const HEAD_OF_DATA = 4;

/** Splits one direction of an RTSP connection into messages and what is interleaved with them, which is not copied. */
export class RtspReader {
  readonly #listener: Listener;
  #waiting: Buffer | undefined;
  /** Bytes of interleaved data that have not come yet. */
  #passing = 0;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  /** @throws What is not RTSP, or longer than 64 KiB. */
  read(chunk: Buffer): void {
    const bytes = this.#waiting ? Buffer.concat([this.#waiting, chunk]) : chunk;
    this.#waiting = undefined;
    for (let at = 0; at < bytes.length; ) {
      const end = this.#data(bytes, at) || this.#message(bytes, at);
      if (end === 0) {
        this.#waiting = Buffer.from(bytes.subarray(at));
        return;
      }
      at = end;
    }
  }

  /** Hands on all packets that begin here, the last one also in parts. @returns Where they end; 0 if none begins here. */
  #data(bytes: Buffer, from: number): number {
    let at = Math.min(from + this.#passing, bytes.length);
    this.#passing -= at - from;
    while (bytes[at] === DOLLAR && at + HEAD_OF_DATA <= bytes.length) {
      const end = at + HEAD_OF_DATA + bytes.readUInt16BE(at + 2);
      this.#passing = Math.max(0, end - bytes.length);
      at = Math.min(end, bytes.length);
    }
    if (at === from) return 0;
    this.#listener.onData(bytes.subarray(from, at));
    return at;
  }

  /** @returns Where it ends; 0 while it is not whole. */
  #message(bytes: Buffer, from: number): number {
    const at = afterBlankLines(bytes, from);
    if (at === bytes.length || bytes[at] === DOLLAR) return at === from ? 0 : at;
    const start = bytes.toString("latin1", at, at + 16);
    if (!/^[A-Z][A-Z_]*($|[ /])/.test(start)) throw new Error("it sends what is not RTSP");
    const end = endOfHead(bytes, at);
    if (end === undefined) return this.#unfinished(bytes.length - at);
    const [first = "", ...lines] = bytes.toString("latin1", at, end).trimEnd().split(/\r?\n/);
    const fields = lines.flatMap((line) => {
      const [, name, value = ""] = /^([\w-]+)\s*:\s*(.*)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, value.trim()] as const];
    });
    const length = Math.max(0, Number(fieldOf({ fields }, "content-length") ?? 0)) || 0;
    if (end + length > bytes.length) return this.#unfinished(end + length - at);
    this.#listener.onMessage({ first, fields, body: bytes.subarray(end, end + length) });
    return end + length;
  }

  #unfinished(length: number): 0 {
    if (length <= LONGEST_MESSAGE) return 0;
    throw new Error(`its message is longer than ${LONGEST_MESSAGE} bytes`);
  }
}

/** The value of a field, by its name in lower case. */
export function fieldOf({ fields }: Pick<RtspMessage, "fields">, name: string): string | undefined {
  return fields.find(([one]) => one.toLowerCase() === name)?.[1];
}

/** A message as it is sent. */
export function bytesOf({ first, fields, body }: RtspMessage): Buffer {
  const head = [first, ...fields.map(([name, value]) => `${name}: ${value}`)].join("\r\n");
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, "latin1"), body]);
}

function afterBlankLines(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === 0x0d || bytes[at] === 0x0a) at++;
  return at;
}

function endOfHead(bytes: Buffer, from: number): number | undefined {
  const ends = ["\r\n\r\n", "\n\n"].flatMap((mark) => {
    const at = bytes.indexOf(mark, from, "latin1");
    return at < 0 ? [] : [at + mark.length];
  });
  return ends.length === 0 ? undefined : Math.min(...ends);
}
