import { Type } from "typebox";
import type { HostedThing } from "../../core/hosted-thing.ts";
import { clientOf, roleOf } from "../http/identity.ts";
import { JSON_TYPE, type Route } from "../http/route.ts";
import { type NotificationSource, sourcesOf, sourcesOfAll } from "../notifications/sources.ts";
import type { ThingNotifications } from "../notifications/thing-notifications.ts";
import type { Webhooks } from "./webhooks.ts";

/** Where other programs subscribe to be called, by WoT's HTTP Webhook Profile, and where they cancel that. */
export function webhookRoutes(
  hosted: HostedThing,
  base: string,
  notifications: ThingNotifications,
  webhooks: Webhooks,
): Route[] {
  const { properties, events, newFrames } = sourcesOf(hosted, base, notifications);
  const all = sourcesOfAll(hosted, base, notifications);
  const routes = [...properties, ...events, ...newFrames, ...all].flatMap((source) => [
    subscribeRoute(source, base, notifications, webhooks),
    cancelRoute(source, webhooks),
  ]);
  return [...routes, cancelGoneRoute(hosted.name, base, webhooks)];
}

const REQUEST = Type.Object({
  callbackURL: Type.String({
    format: "uri",
    description: "Called with POST for each notification",
  }),
});

function subscribeRoute(
  { path, called, place, op, role, logs }: NotificationSource,
  base: string,
  notifications: ThingNotifications,
  webhooks: Webhooks,
): Route {
  return {
    method: "POST",
    path,
    role: role === "admin" ? "admin" : "operate",
    summary: `Have a URL called with ${called}`,
    form: { ...place, op: [op[0]], subprotocol: "webhook" },
    request: { contentType: JSON_TYPE, schema: REQUEST },
    response: { status: 201, contentType: JSON_TYPE, schema: REQUEST },
    errors: ["CALLBACK_REFUSED", "TOO_MANY_SUBSCRIPTIONS"],
    handle: async (exchange) => {
      const { callbackURL } = Object(await exchange.json());
      const { root } = exchange;
      const by = roleOf(exchange.identity);
      const id = webhooks.subscribe({
        logs: logs(by),
        role: by,
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

function cancelRoute({ path, called, place, op }: NotificationSource, webhooks: Webhooks): Route {
  return {
    method: "DELETE",
    path: `${path}/subscriptions/:subscriptionID`,
    role: "operate",
    summary: `Have a URL called with ${called} no more`,
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

/** For subscriptions to what the Thing has removed since: they would count for ever. */
function cancelGoneRoute(thing: string, base: string, webhooks: Webhooks): Route {
  return {
    method: "DELETE",
    path: `${base}/:affordance/subscriptions/:subscriptionID`,
    role: "operate",
    summary: `Have a URL called no more with what ${thing} does not have any more`,
    params: {
      affordance: Type.String({ description: "The property or event that was subscribed to" }),
      subscriptionID: Type.String({ description: "The last segment of Location" }),
    },
    response: { status: 204 },
    errors: ["NOT_FOUND"],
    handle: async ({ params }) => {
      webhooks.cancel(params.subscriptionID!, `${base}/${params.affordance}`);
      return { status: 204 };
    },
  };
}
