import { Type } from "typebox";
import type { Role } from "../../core/affordances.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import { clientOf, roleOf } from "../http/identity.ts";
import { type FormPlace, JSON_TYPE, type Route } from "../http/route.ts";
import type { NotificationLog } from "../notifications/notification-log.ts";
import type { ThingNotifications } from "../notifications/thing-notifications.ts";
import type { Webhooks } from "./webhooks.ts";

interface Subscribable {
  readonly path: string;
  /** For summaries. */
  readonly what: string;
  readonly place: Omit<FormPlace, "op">;
  readonly op: readonly [begin: string, end: string];
  /** Who may subscribe. */
  readonly role: Role;
  logs(role: Role): readonly NotificationLog[];
}

/** Where other programs subscribe to be called, by WoT's HTTP Webhook Profile, and where they cancel that. */
export function webhookRoutes(
  hosted: HostedThing,
  base: string,
  notifications: ThingNotifications,
  webhooks: Webhooks,
): Route[] {
  const { properties, events, streams } = hosted.model;
  const thing = hosted.name;
  const observable = [...properties.values()].filter((property) => property.observable);
  const names = [...events.keys(), ...[...streams.keys()].map((name) => `${name}_new_frame`)];
  const ofProperties = observable.map(
    ({ name }): Subscribable => ({
      path: `${base}/${name}`,
      what: `new values of '${name}' of ${thing}`,
      place: { thing, kind: "properties", affordance: name },
      op: ["observeproperty", "unobserveproperty"],
      role: "operate",
      logs: () => [notifications.property(name)],
    }),
  );
  const ofEvents = names.map(
    (name): Subscribable => ({
      path: `${base}/${name}`,
      what: `'${name}' of ${thing}`,
      place: { thing, kind: "events", affordance: name },
      op: ["subscribeevent", "unsubscribeevent"],
      role: notifications.roleFor(name) === "admin" ? "admin" : "operate",
      logs: () => [notifications.event(name)],
    }),
  );
  const all: readonly (Subscribable | false)[] = [
    observable.length > 0 && {
      path: `${base}/properties`,
      what: `new values of all properties of ${thing}`,
      place: { thing, kind: "thing" },
      op: ["observeallproperties", "unobserveallproperties"],
      role: "operate",
      logs: () => notifications.allProperties(),
    },
    names.length > 0 && {
      path: `${base}/events`,
      what: `all events of ${thing}`,
      place: { thing, kind: "thing" },
      op: ["subscribeallevents", "unsubscribeallevents"],
      role: "operate",
      logs: (role) => notifications.allEvents(role),
    },
  ];
  return [...ofProperties, ...ofEvents, ...all]
    .filter((subscribable) => subscribable !== false)
    .flatMap((subscribable) => [
      subscribeRoute(subscribable, base, notifications, webhooks),
      cancelRoute(subscribable, webhooks),
    ]);
}

const REQUEST = Type.Object({
  callbackURL: Type.String({ format: "uri", description: "Called with POST at each notification" }),
});

function subscribeRoute(
  { path, what, place, op, role, logs }: Subscribable,
  base: string,
  notifications: ThingNotifications,
  webhooks: Webhooks,
): Route {
  return {
    method: "POST",
    path,
    role,
    summary: `Have a URL called with ${what}`,
    form: { ...place, op: [op[0]], subprotocol: "webhook" },
    request: { contentType: JSON_TYPE, schema: REQUEST },
    response: { status: 201, contentType: JSON_TYPE, schema: REQUEST },
    errors: ["CALLBACK_REFUSED", "TOO_MANY_SUBSCRIPTIONS"],
    handle: async (exchange) => {
      const { callbackURL } = Object(await exchange.json());
      const { root } = exchange;
      const id = webhooks.subscribe({
        logs: logs(roleOf(exchange.identity)),
        after: notifications.present,
        callbackURL,
        client: clientOf(exchange.identity, exchange.request),
        at: path,
        onOver: (listener) => notifications.departure.onLeft(listener),
        selfOf: (name) => `${root}${base}/${name}`,
      });
      const Location = `${root}${path}/subscriptions/${id}`;
      return { status: 201, body: { callbackURL }, headers: { Location } };
    },
  };
}

function cancelRoute({ path, what, place, op }: Subscribable, webhooks: Webhooks): Route {
  return {
    method: "DELETE",
    path: `${path}/subscriptions/:subscriptionID`,
    role: "operate",
    summary: `Have a URL called with ${what} no more`,
    form: { ...place, op: [op[1]], subprotocol: "webhook" },
    params: { subscriptionID: Type.String({ description: "The last segment of Location" }) },
    response: { status: 204 },
    errors: ["NOT_FOUND"],
    handle: async ({ params }) => {
      webhooks.cancel(params.subscriptionID!, path);
      return { status: 204 };
    },
  };
}
