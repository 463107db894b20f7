import type { Role } from "../../core/affordances.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import { roleOf } from "../http/identity.ts";
import { EVENT_STREAM_TYPE, type FormPlace, JSON_TYPE, type Route } from "../http/route.ts";
import { sendNotifications } from "./event-stream.ts";
import { LONGPOLL_QUERY, nextNotification, RecentClients } from "./longpoll.ts";
import type { NotificationLog } from "./notification-log.ts";
import type { ThingNotifications } from "./thing-notifications.ts";

const OBSERVE = ["observeproperty", "unobserveproperty"];
const SUBSCRIBE = ["subscribeevent", "unsubscribeevent"];

/** Of what affordances notify, and how they are described. */
interface Source {
  readonly path: string;
  /** For summaries: `'Exposure' of camera`. */
  readonly called: string;
  readonly place: FormPlace;
  /** Who may be told. */
  readonly role: Role;
  readonly schema?: Route["response"]["schema"];
  log(): NotificationLog;
}

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
  const { properties, events } = hosted.model;
  const thing = hosted.name;
  const observable = [...properties.values()].filter((property) => property.observable);
  const sources = [
    ...observable.map(({ name, title, schema }): Source => {
      const place = { thing, kind: "properties", affordance: name, op: OBSERVE } as const;
      const called = `new values of '${title ?? name}' of ${thing}`;
      return {
        role: "view",
        path: `${base}/${name}`,
        called,
        place,
        schema,
        log: () => notifications.property(name),
      };
    }),
    ...[...events.values()].map(({ name, title, data, role = "view" }): Source => {
      const place = { thing, kind: "events", affordance: name, op: SUBSCRIBE } as const;
      const called = `'${title ?? name}' of ${thing}`;
      const log = () => notifications.event(name);
      return { path: `${base}/${name}`, called, place, role, ...(data && { schema: data }), log };
    }),
  ];
  return [
    ...sources.flatMap((source) => [
      longpollRoute(source, notifications),
      streamRoute(source, notifications),
    ]),
    ...allRoutes(hosted, base, notifications),
  ];
}

function longpollRoute(
  { path, called, place, role, schema, log }: Source,
  notifications: ThingNotifications,
): Route {
  const clients = new RecentClients();
  return {
    method: "GET",
    path: `${path}/next`,
    role,
    summary: `Wait for ${called} (204 when there are none for 25 s)`,
    description: "A client that follows the answer's Link to the next loses nothing that is held.",
    form: { ...place, subprotocol: "longpoll" },
    query: LONGPOLL_QUERY,
    response: {
      status: 200,
      contentType: JSON_TYPE,
      ...(schema && { schema }),
      emptyWhen: "Nothing came in that time",
    },
    errors: ["BAD_ARGUMENT"],
    handle: (exchange) =>
      nextNotification({ log: log(), clients, present: notifications.present }, exchange),
  };
}

function streamRoute(
  { path, called, place, role, log }: Source,
  notifications: ThingNotifications,
): Route {
  return {
    ...eventStream(path, `Be sent ${called} as server-sent events`),
    role,
    form: { ...place, subprotocol: "sse" },
    handle: async (exchange) => {
      sendNotifications([log()], notifications, exchange);
      return undefined;
    },
  };
}

function allRoutes(
  { name: thing, model }: HostedThing,
  base: string,
  notifications: ThingNotifications,
): Route[] {
  const place = { thing, kind: "thing", subprotocol: "sse" } as const;
  const properties: Route = {
    ...eventStream(`${base}/properties`, `Be sent the new values of all properties of ${thing}`),
    form: { ...place, op: ["observeallproperties", "unobserveallproperties"] },
    handle: async (exchange) => {
      sendNotifications(notifications.allProperties(), notifications, exchange);
      return undefined;
    },
  };
  const events: Route = {
    ...eventStream(
      `${base}/events`,
      `Be sent all events of ${thing} that are for the client's role`,
    ),
    form: { ...place, op: ["subscribeallevents", "unsubscribeallevents"] },
    handle: async (exchange) => {
      sendNotifications(
        notifications.allEvents(roleOf(exchange.identity)),
        notifications,
        exchange,
      );
      return undefined;
    },
  };
  const isObservable = [...model.properties.values()].some(({ observable }) => observable);
  const hasEvents = model.events.size + model.streams.size > 0;
  return [...(isObservable ? [properties] : []), ...(hasEvents ? [events] : [])];
}

function eventStream(path: string, summary: string) {
  return {
    method: "GET",
    path,
    role: "view",
    summary,
    query: { after: LONGPOLL_QUERY.after },
    response: { status: 200, contentType: EVENT_STREAM_TYPE },
    errors: ["BAD_ARGUMENT"],
  } as const;
}
