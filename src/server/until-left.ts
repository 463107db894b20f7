import type { ServerResponse } from "node:http";
import type { HostedThing } from "../core/hosted-thing.ts";
import { EVENT_STREAM_TYPE, type Route } from "./http/route.ts";
import { dropReader } from "./http/sse.ts";

/**
 * The same route, whose answers end with the Thing: who waits is told why, streams end. A file that is under way
 * is sent to its end.
 */
export function untilLeft({ departure }: HostedThing, route: Route): Route {
  const { contentType = "" } = route.response;
  return {
    ...route,
    handle: (exchange) =>
      new Promise((resolve, reject) => {
        const { response } = exchange;
        const stop = departure.onLeft((error) => {
          if (!response.headersSent) reject(error);
          else if (contentType === EVENT_STREAM_TYPE) dropReader(response, error.message);
          else if (contentType.startsWith("multipart/")) endViewer(response);
        });
        response.once("close", stop);
        route.handle(exchange).then(resolve, reject);
      }),
  };
}

/** Politely, if it has taken all that it was sent. */
function endViewer({ socket }: ServerResponse): void {
  if (!socket || socket.writableLength > 0) socket?.destroy();
  else socket.destroySoon();
}
