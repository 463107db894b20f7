import { Socket, type SocketConstructorOpts } from "node:net";
import type { Readable } from "node:stream";
import type { ByteReader } from "../base/byte-reader.ts";
import { receiveInto } from "../base/receive.ts";
import { thrownError } from "../base/thrown.ts";

/**
 * Gives what comes through a child's pipe to `reader`. `spawn` makes its pipes without `onread`, so their handle is given to a
 * socket that has it; without a handle, as where no program was started, the pipe is read as any stream is.
 */
export function receivePipe(
  pipe: Readable,
  reader: ByteReader,
  onError: (error: Error) => void,
): void {
  const handle: unknown = pipe instanceof Socket ? Reflect.get(pipe, "_handle") : undefined;
  if (typeof handle !== "object" || handle === null) {
    readStream(pipe, reader, onError);
    return;
  }
  Reflect.set(pipe, "_handle", null);
  const onread = receiveInto(reader, onError);
  const options = { handle, onread, readable: true, writable: false } as SocketConstructorOpts;
  const socket = new Socket(options);
  socket.on("error", () => {}); // "close" follows
  socket.once("close", () => pipe.destroy()); // the child waits for its pipes to close
  pipe.once("close", () => socket.destroy());
}

function readStream(pipe: Readable, reader: ByteReader, onError: (error: Error) => void): void {
  const read = (chunk: Uint8Array) => {
    try {
      reader.read(chunk);
    } catch (error) {
      pipe.off("data", read);
      onError(thrownError(error));
    }
  };
  pipe.on("data", read);
}
