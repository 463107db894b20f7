import { isRecord } from "../base/values.ts";
import { MAX_JPEG_BYTES } from "../frames/jpeg/jpeg.ts";

/** A picture of a stream, as it came over the WebSocket. */
export interface SocketFrame {
  readonly run: string;
  readonly index: number;
  /** End of exposure, epoch ms by the server's clock. */
  readonly capturedAt: number;
  /** Pixels of the picture that came, which may be smaller than the camera's. */
  readonly width: number;
  readonly height: number;
  /** Pixels of the camera's picture. */
  readonly fullWidth: number;
  readonly fullHeight: number;
  /** Bytes of the JPEG. */
  readonly size: number;
  readonly jpeg: Uint8Array<ArrayBuffer>;
}

/** A frame, and the subscription that it is for. */
export type ReceivedFrame = SocketFrame & { readonly id: number };

/** Bytes before the JSON of a message: its length. */
const HEAD_BYTES = 4;

type Head = Record<string, unknown>;

/** A frame of which pieces have come. */
interface Begun {
  readonly head: Head;
  readonly jpeg: Uint8Array<ArrayBuffer>;
  bytes: number;
}

/**
 * Frames from binary messages: the length of a JSON text (32 bits, little-endian), the text, and bytes of the JPEG. A large JPEG comes in
 * pieces, between those of other streams.
 */
export class FramePieces {
  readonly #begun = new Map<number, Begun>();

  /** @returns The frame, when the message is its last; undefined as well for what is not understood. */
  take(data: ArrayBuffer): ReceivedFrame | undefined {
    const { head, bytes } = partsOf(data) ?? {};
    const id = Number(head?.id);
    if (!head || !bytes) return undefined;
    if (head.from === undefined) return this.#begin(id, head, bytes);
    const begun = this.#begun.get(id);
    const fits = begun?.bytes === head.from && begun.bytes + bytes.length <= begun.jpeg.length;
    if (!begun || !fits) return undefined;
    begun.jpeg.set(bytes, begun.bytes);
    begun.bytes += bytes.length;
    if (begun.bytes < begun.jpeg.length) return undefined;
    this.#begun.delete(id);
    return frameOf(id, begun.head, begun.jpeg);
  }

  /** Nothing more comes of a subscription. */
  forget(id: number): void {
    this.#begun.delete(id);
  }

  #begin(id: number, head: Head, bytes: Uint8Array<ArrayBuffer>): ReceivedFrame | undefined {
    this.#begun.delete(id);
    const size = Number(head.size);
    if (!(size > bytes.length)) return frameOf(id, head, bytes);
    if (!Number.isInteger(size) || size > MAX_JPEG_BYTES) return undefined;
    const jpeg = new Uint8Array(size);
    jpeg.set(bytes);
    this.#begun.set(id, { head, jpeg, bytes: bytes.length });
    return undefined;
  }
}

/** A JSON object; undefined for anything else. */
export function parsed(text: string): Head | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return isRecord(message) ? message : undefined;
  } catch {
    return undefined;
  }
}

function partsOf(data: ArrayBuffer): { head: Head; bytes: Uint8Array<ArrayBuffer> } | undefined {
  if (data.byteLength < HEAD_BYTES) return undefined;
  const end = HEAD_BYTES + new DataView(data).getUint32(0, true);
  if (end > data.byteLength) return undefined;
  const head = parsed(new TextDecoder().decode(new Uint8Array(data, HEAD_BYTES, end - HEAD_BYTES)));
  return head && { head, bytes: new Uint8Array(data, end) };
}

function frameOf(id: number, head: Head, jpeg: Uint8Array<ArrayBuffer>): ReceivedFrame {
  const { run, index, capturedAt, full } = head;
  const [width, height] = [Number(head.width), Number(head.height)];
  const [fullWidth = width, fullHeight = height] = Array.isArray(full) ? full.map(Number) : [];
  return {
    ...{ id, run: String(run), index: Number(index), capturedAt: Number(capturedAt) },
    ...{ width, height, fullWidth, fullHeight, size: jpeg.length, jpeg },
  };
}
