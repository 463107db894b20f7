import { ThingError } from "../../base/errors.ts";
import { quoted } from "../../base/preview.ts";
import { slowReaders } from "../../base/slow-readers.ts";
import type { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import type { Exchange, Reply } from "../http/route.ts";
import { type EventStreamCounts, type Messages, messageOf, sendEvents } from "../http/sse.ts";
import { nextNotification, type Poll } from "../notifications/longpoll.ts";
import { toldOf } from "../notifications/notification-log.ts";

const missedFrames = slowReaders("frame_events", "gap");
const passedOver = slowReaders("frame_events", "newest");

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
 * Each frame's identity, time and size as server-sent events, from `Last-Event-ID` or `?after=` or now on. A reader
 * that is too slow is told which frames it missed.
 * @param event - The name of the events that tell of a frame.
 * @throws {ThingError} `BAD_ARGUMENT`.
 */
export function sendSizes(
  stream: MJPEGStream,
  event: string,
  counts: EventStreamCounts,
  exchange: Exchange,
): undefined {
  const asked = exchange.request.headers["last-event-id"] ?? exchange.query.get("after");
  const after = asked ? cursorOf(String(asked)) : undefined;
  sendEvents(exchange, counts, () => {
    const reader = stream.sizes.readerAfter(after);
    return fromStream(stream, () => {
      const next = reader.next();
      if (!next) return undefined;
      if (!("kind" in next)) return messageOf(event, toldOf(next), `${next.run}:${next.index}`);
      if (next.kind === "gap") missedFrames(next.to - next.from + 1);
      return messageOf(next.kind, next);
    });
  });
}

/**
 * A stream's frames as server-sent events, in base64: for clients that understand nothing else, at a third more bytes. The newest
 * wins: the next is sent when the reader has taken the last.
 */
export function sendFrames(
  stream: MJPEGStream,
  event: string,
  counts: EventStreamCounts,
  exchange: Exchange,
): undefined {
  sendEvents(exchange, counts, () => {
    let seen = stream.newest;
    return fromStream(stream, () => {
      const { newest } = stream;
      if (!newest || newest === seen) return undefined;
      const skipped = seen?.run === newest.run ? newest.index - seen.index - 1 : 0;
      if (skipped > 0) passedOver(skipped);
      seen = newest;
      const { run, index, jpeg } = newest;
      return messageOf(event, Buffer.from(jpeg).toString("base64"), `${run}:${index}`);
    });
  });
}

/** Messages of frames: while they are followed, frames are wanted, and they end with the stream. */
function fromStream(stream: MJPEGStream, next: () => string | undefined): Messages {
  let isOver = !stream.streaming;
  return {
    next,
    get isOver() {
      return isOver;
    },
    follow(onMore) {
      const onStop = () => {
        isOver = true;
        onMore();
      };
      const release = stream.demand.take();
      const stops = [stream.follow(onMore), stream.onStop(onStop)];
      return () => {
        for (const stop of stops) stop();
        release();
      };
    },
  };
}

function cursorOf(text: string): { run: string; index: number } {
  const [, run, index] = /^([0-9a-z]{1,32}):(\d{1,15})$/.exec(text) ?? [];
  if (run && index) return { run, index: Number(index) };
  const shown = JSON.stringify(quoted(text));
  throw new ThingError(
    "BAD_ARGUMENT",
    `${shown} does not name a frame: it must be a run and an index, e.g. k3x9q2:7.`,
  );
}
