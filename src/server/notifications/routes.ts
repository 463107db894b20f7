import type { HostedThing } from "../../core/hosted-thing.ts";
import { roleOf } from "../http/identity.ts";
import { EVENT_STREAM_TYPE, JSON_TYPE, type Route } from "../http/route.ts";
import { sendNotifications } from "./event-stream.ts";
import { LONGPOLL_QUERY, nextNotification } from "./longpoll.ts";
import { type NotificationSource, sourcesOf, sourcesOfAll } from "./sources.ts";
import type { ThingNotifications } from "./thing-notifications.ts";

/**
 * Each observable property and each event twice: by long polling at a URL of its own, then as server-sent events at that
 * of the affordance. The order is for node-wot: it takes the first form, and drops server-sent events that have a name,
 * as profiles want them to have. Then all properties and all events in one stream each.
 */
export function notificationRoutes(
  hosted: HostedThing,
  base: string,
  notifications: ThingNotifications,
): Route[] {
  const { properties, events } = sourcesOf(hosted, base, notifications);
  return [
    ...[...properties, ...events].flatMap((source) => [
      longpollRoute(source, notifications),
      streamRoute(source, notifications),
    ]),
    ...sourcesOfAll(hosted, base, notifications).map((all) => streamRoute(all, notifications)),
  ];
}

function longpollRoute(
  { path, called, place, op, role, schema, logs }: NotificationSource,
  notifications: ThingNotifications,
): Route {
  const clients = notifications.recentClients(path);
  return {
    method: "GET",
    path: `${path}/next`,
    role,
    summary: `Wait for ${called} (204 when there are none for 25 s)`,
    description:
      "A client that follows the response's Link to the next notification misses none that is held.",
    form: { ...place, op, subprotocol: "longpoll" },
    query: LONGPOLL_QUERY,
    response: {
      status: 200,
      contentType: JSON_TYPE,
      ...(schema && { schema }),
      emptyWhen: "No notification arrived in that time",
    },
    errors: ["BAD_ARGUMENT"],
    handle: (exchange) => {
      const [log] = logs(role).all();
      return nextNotification({ log: log!, clients, present: notifications.present }, exchange);
    },
  };
}

function streamRoute(
  { path, called, place, op, role, logs }: NotificationSource,
  notifications: ThingNotifications,
): Route {
  const isOfAll = place.kind === "thing";
  return {
    method: "GET",
    path,
    role,
    summary: `Receive ${called}${isOfAll ? "" : " as server-sent events"}`,
    query: { after: LONGPOLL_QUERY.after },
    form: { ...place, op, subprotocol: "sse" },
    response: { status: 200, contentType: EVENT_STREAM_TYPE },
    errors: ["BAD_ARGUMENT"],
    handle: async (exchange) => {
      sendNotifications(logs(roleOf(exchange.identity)), notifications, exchange);
      return undefined;
    },
  };
}
