import type { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import type { Exchange, Reply } from "../http/route.ts";
import { drained, EventStreamWriter } from "../http/sse.ts";
import { nextNotification, type Poll } from "../notifications/longpoll.ts";

/**
 * Long polling for what is told of a stream's frames. While it waits it wants frames, and it ends with the stream.
 * @throws {ThingError} `STREAM_STOPPED`, `BAD_ARGUMENT`.
 */
export async function nextFrameEntry(
  stream: MJPEGStream,
  poll: Poll,
  exchange: Exchange,
): Promise<Reply> {
  const told = nextNotification(poll, exchange);
  if (exchange.request.method === "HEAD") return told;
  const over = new AbortController();
  const arrived = stream.nextFrame(AbortSignal.any([exchange.signal, over.signal]));
  return Promise.race([told, arrived.then(() => told)]).finally(() => over.abort());
}

/**
 * A stream's frames as server-sent events, in base64: for who understands nothing else, at a third more bytes. Newest
 * wins: the next is sent when the reader has taken the last. One who takes nothing for 30 s is cut off.
 */
export async function sendFrames(
  stream: MJPEGStream,
  name: string,
  { request, response, signal }: Exchange,
): Promise<void> {
  const frames = stream.frames(signal);
  const writer = new EventStreamWriter(response);
  if (request.method !== "HEAD") {
    for await (const { run, index, jpeg } of frames) {
      writer.send(name, Buffer.from(jpeg).toString("base64"), `${run}:${index}`);
      if (response.writableNeedDrain && !(await drained(response, signal))) return;
    }
  }
  response.end();
}
