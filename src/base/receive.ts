import type { OnReadOpts } from "node:net";
import type { ByteReader } from "./byte-reader.ts";
import { thrownError } from "./thrown.ts";

const PIECE_BYTES = 64 * 1024;

/** A reader that may want a pause. */
export interface PausingReader extends ByteReader {
  /** Whether nothing is to be read until the socket is told to `resume`. */
  readonly isPaused?: boolean;
}

/**
 * How a socket gives what it receives to `reader`: in the place where it belongs, if the reader knows that, and otherwise by way of
 * memory that each read uses again. A stream's own `data` has a new buffer for each read, outside of the heap, which keeps the
 * garbage collector busier than all else.
 * @param onError - Told what the reader threw: nothing is read after it.
 */
export function receiveInto(reader: PausingReader, onError: (error: Error) => void): OnReadOpts {
  const piece = new Uint8Array(PIECE_BYTES);
  let place: Uint8Array | undefined;
  let hasFailed = false;
  return {
    buffer: () => {
      place = hasFailed ? undefined : reader.place();
      return place ?? piece;
    },
    callback: (count) => {
      if (hasFailed) return false; // TLS gives what it has, paused or not
      try {
        if (place) reader.received(count);
        else reader.read(piece.subarray(0, count));
        return !reader.isPaused;
      } catch (error) {
        hasFailed = true;
        onError(thrownError(error));
        return false;
      }
    },
  };
}
