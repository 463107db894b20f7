import type { IncomingMessage, ServerResponse } from "node:http";
import type { TestContext } from "node:test";
import { ThingError } from "../../src/base/errors.ts";
import { streamHandlers } from "../../src/server/streams/handlers.ts";
import type { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { serve } from "./watching.ts";

const ROUTES: Array<[RegExp, keyof typeof streamHandlers]> = [
  [/^\/camera\/live$/, "multipart"],
  [/^\/camera\/live\/viewer$/, "viewer"],
  [/^\/camera\/live\/viewer\/(?<asset>[^/]+)$/, "viewerAsset"],
  [/^\/camera\/live\/snapshot$/, "snapshot"],
  [/^\/camera\/live\/next$/, "next"],
  [/^\/camera\/live\/frames$/, "frames"],
  [/^\/camera\/live\/frames\/(?<index>[^/]+)$/, "frame"],
  [/^\/camera\/live\/next_frame_size$/, "nextFrameSize"],
  [/^\/camera\/live\/sizes$/, "sizes"],
];

/** A server with every path of one stream, `/camera/live`, and nothing else. */
export async function serveStream(
  t: TestContext,
  stream: MJPEGStream,
): Promise<{ url: string; port: number }> {
  const { port } = await serve(t, (request, response) => void answer(stream, request, response));
  return { url: `http://127.0.0.1:${port}/camera/live`, port };
}

async function answer(
  stream: MJPEGStream,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? "/").split("?")[0]!;
  response.setHeader("Content-Security-Policy", "default-src 'self'");
  for (const [pattern, name] of ROUTES) {
    const found = pattern.exec(path);
    if (!found) continue;
    try {
      await streamHandlers[name](stream, request, response, found.groups);
    } catch (error) {
      if (response.headersSent || response.destroyed) return;
      const { status, message } =
        error instanceof ThingError ? error : new ThingError("INTERNAL", String(error));
      response.writeHead(status, { "Content-Type": "application/problem+json" });
      response.end(JSON.stringify({ status, detail: message }));
    }
    return;
  }
  response.writeHead(404).end();
}
