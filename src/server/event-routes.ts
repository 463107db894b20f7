import { ThingError } from "../base/errors.ts";
import type { EventAffordance } from "../core/affordances.ts";
import type { HostedThing } from "../core/hosted-thing.ts";
import { type Exchange, JSON_TYPE, type Reply, type Route } from "./route.ts";
import { EventStreamWriter } from "./sse.ts";

const LONGPOLL_MS = 25_000;

/** Each event twice: by long polling at a URL of its own, which node-wot understands, then as server-sent events. */
export function eventRoutes(hosted: HostedThing, base: string): Route[] {
  return [...hosted.model.events.values()].flatMap((event): Route[] => {
    const called = `'${event.title ?? event.name}' of ${hosted.name}`;
    const place = { thing: hosted.name, kind: "events", affordance: event.name } as const;
    const op = ["subscribeevent", "unsubscribeevent"];
    return [
      {
        method: "GET",
        path: `${base}/${event.name}/next`,
        role: "view",
        summary: `Wait for ${called} (204 after 25 s without one)`,
        description: event.description,
        form: { ...place, op, subprotocol: "longpoll" },
        response: {
          status: 200,
          contentType: JSON_TYPE,
          ...(event.data && { schema: event.data }),
        },
        handle: (exchange) => nextEvent(hosted, event, exchange),
      },
      {
        method: "GET",
        path: `${base}/${event.name}`,
        role: "view",
        summary: `Be sent ${called} as server-sent events`,
        description: event.description,
        form: { ...place, op, subprotocol: "sse" },
        response: { status: 200, contentType: "text/event-stream" },
        handle: async ({ request, response }) => {
          const writer = new EventStreamWriter(response);
          if (request.method === "HEAD") response.end();
          else
            response.on(
              "close",
              hosted.onEvent(event.name, (data) => writer.send(event.name, data)),
            );
          return undefined;
        },
      },
    ];
  });
}

async function nextEvent(
  hosted: HostedThing,
  event: EventAffordance,
  { request, signal }: Exchange,
): Promise<Reply> {
  // A client asks by HEAD whether long polling is possible; it waits a second at most.
  if (request.method === "HEAD") return { status: 200, body: null };
  return new Promise<Reply>((resolve, reject) => {
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      off();
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    const timer = setTimeout(() => finish(() => resolve({ status: 204 })), LONGPOLL_MS);
    const off = hosted.onEvent(event.name, (data) =>
      finish(() => resolve({ status: 200, body: data ?? null })),
    );
    const onAbort = () => finish(() => reject(new ThingError("NOT_FOUND", "The client has gone.")));
    signal.addEventListener("abort", onAbort);
  });
}
