import type { WebSocket } from "ws";
import { wallTime } from "../../base/clock.ts";
import type { StoredFrame } from "../../frames/stored-picture.ts";

/** Bytes before the JSON of a message: its length. */
export const HEAD_BYTES = 4;
/** Bytes of a JPEG in one message. Between the pieces of a larger one the client hears that the server is there, and other streams. */
const PIECE_BYTES = 128 * 1024;

/** How one frame is sent. */
interface Sending {
  /** Of the subscription. */
  readonly id: number;
  /** Pixels of the camera's picture, where this is a smaller one. */
  readonly full: readonly [number, number] | undefined;
  /** Whether the client still wants it: asked before each further piece. */
  isWanted(): boolean;
  /** Nothing of it is left to send. */
  onSent(): void;
}

/** Sends a frame's JSON and its JPEG, in pieces where it is large, each when the one before has left. */
export function sendFrame(socket: WebSocket, frame: StoredFrame, sending: Sending): void {
  const { run, index, capturedAt, width, height, size } = frame;
  const { id, full, isWanted, onSent } = sending;
  const about = { id, run, index, capturedAt: wallTime(capturedAt), width, height, size };
  frame.retain();
  const jpeg = frame.jpegBytes;
  const end = () => {
    frame.release();
    onSent();
  };
  const sendFrom = (from: number, head: object) => {
    const to = Math.min(jpeg.length, from + PIECE_BYTES);
    const next = (error?: Error | null) => {
      if (error || to === jpeg.length || !isWanted()) end();
      else sendFrom(to, { id, from: to });
    };
    socket.send(headOf(head), { binary: true, fin: false });
    socket.send(jpeg.subarray(from, to), { binary: true, fin: true }, next);
  };
  sendFrom(0, { ...about, ...(full && { full }) });
}

/** The JSON that stands before bytes of a JPEG, and its length; the JPEG is not copied behind it. */
function headOf(about: object): Buffer {
  const text = Buffer.from(JSON.stringify(about));
  const head = Buffer.allocUnsafe(HEAD_BYTES + text.length);
  head.writeUInt32LE(text.length);
  text.copy(head, HEAD_BYTES);
  return head;
}
