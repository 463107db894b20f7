import type { Readable, Writable } from "zeromq";
import { arrayOf, arrayParts, type NdArray } from "./nd-array.ts";
import { timeIn } from "./packet.ts";
import { loads } from "./pickle.ts";
import { dumps, dumpsFloat } from "./pickle-writer.ts";
import { badMessage, type PythonValue } from "./python-value.ts";

/** A message of any kind that pystreaming sends: with a JPEG or other bytes (`buf`), an array (`arr`), both or neither. */
export interface Message {
  readonly fno: number;
  readonly ftime: number;
  readonly meta: PythonValue;
  readonly arr?: NdArray | undefined;
  readonly buf?: Uint8Array | undefined;
}

/**
 * Sends a message over your own ZeroMQ socket, as one multipart message. Set the socket's `sendTimeout` to 0 to fail instead of
 * waiting.
 * @throws {ThingError} `BAD_MESSAGE`, and what the socket throws.
 */
export async function send({
  socket,
  ...message
}: Message & { socket: Pick<Writable, "send"> }): Promise<void> {
  await socket.send(messageParts(message));
}

/**
 * Receives a message from your own ZeroMQ socket. State which parts are expected, since the message does not.
 * @throws {ThingError} `BAD_MESSAGE` for another number of parts, or a pickle that is not made of plain values.
 */
export async function recv({
  socket,
  arr = false,
  buf = false,
}: {
  socket: Pick<Readable, "receive">;
  arr?: boolean;
  buf?: boolean;
}): Promise<Message> {
  return messageOf(await socket.receive(), { arr, buf });
}

/** The parts of a message. */
function messageParts({ fno, ftime, meta, arr, buf }: Message): (string | Uint8Array)[] {
  return [
    ...(arr ? arrayParts(arr) : []),
    ...(buf ? [buf] : []),
    dumps(meta),
    dumpsFloat(ftime),
    dumps(fno),
  ];
}

/** Parses the parts of a message. */
function messageOf(
  parts: readonly Uint8Array[],
  { arr, buf }: { arr: boolean; buf: boolean },
): Message {
  const expected = (arr ? 2 : 0) + (buf ? 1 : 0) + 3;
  if (parts.length !== expected) {
    throw badMessage(`A message must have ${expected} parts, but this one has ${parts.length}.`);
  }
  const [meta, ftime, fno] = parts.slice(-3) as [Uint8Array, Uint8Array, Uint8Array];
  const number = loads(fno);
  if (typeof number !== "number") throw badMessage("The 'fno' of a message is not a number.");
  return {
    ...(arr && { arr: arrayOf(parts[0]!, parts[1]!) }),
    ...(buf && { buf: parts[arr ? 2 : 0]! }),
    meta: loads(meta),
    ftime: timeIn(ftime),
    fno: number,
  };
}
