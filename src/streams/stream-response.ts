import type { IncomingMessage, ServerResponse } from "node:http";
import { wallTime } from "../base/clock.ts";
import { BOUNDARY, toSeconds } from "../frames/frame-memory.ts";
import { type FrameFeed, streamStopped } from "./frame-outlet.ts";
import { viewOf, wantsHeartbeats } from "./stream-request.ts";

/**
 * Answers with `multipart/x-mixed-replace` and hands the socket to the feed: nothing stands between a frame and
 * the kernel, neither chunks nor middleware. Headers set on `response` before are kept.
 *
 * @throws {ThingError} `TOO_MANY_VIEWERS` (with Retry-After), `STREAM_STOPPED`, `BAD_ARGUMENT`: nothing is sent then.
 */
export function respondWithStream(
  feed: FrameFeed,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const view = viewOf(request);
  if (!feed.streaming) throw streamStopped();
  if (request.method !== "HEAD") {
    sayingWhenToRetry(response, () => feed.viewers.assertRoom());
  }
  response.statusCode = 200;
  response.setHeader("Content-Type", `multipart/x-mixed-replace; boundary=${BOUNDARY}`);
  response.setHeader("Cache-Control", "no-store");
  response.setHeader("X-Accel-Buffering", "no"); // nginx would hold frames back
  response.setHeader("Connection", "close");
  response.removeHeader("Transfer-Encoding");
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  if (response.socket) begin();
  else response.once("socket", begin); // a pipelined request waits for its turn

  function begin(): void {
    const { socket } = response;
    if (!socket) return;
    if (!response.headersSent) response.setHeader("X-Clock", toSeconds(wallTime()));
    response.flushHeaders();
    try {
      feed.addViewer(socket, view, wantsHeartbeats(request));
    } catch {
      socket.destroy(); // the last place was taken, or the stream stopped, while the request waited for its turn
    }
  }
}

/** Runs a check; when it refuses, the response will say when to try again. */
export function sayingWhenToRetry(response: ServerResponse, check: () => void): void {
  try {
    check();
  } catch (error) {
    response.setHeader("Retry-After", "5");
    throw error;
  }
}
