import type { Role } from "../../core/affordances.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import type { FormPlace, Route } from "../http/route.ts";
import { type NotificationLogs, onlyLog } from "./notification-log.ts";
import type { ThingNotifications } from "./thing-notifications.ts";

/** Something of a Thing that notifies, and can be followed in each of the ways. */
export interface NotificationSource {
  /** Of the property or event, or of all. */
  readonly path: string;
  /** For summaries: `new values of 'Exposure' of camera`. */
  readonly called: string;
  readonly place: Omit<FormPlace, "op">;
  /** The operations that begin and end it. */
  readonly op: readonly [begin: string, end: string];
  /** Who may be told. */
  readonly role: Role;
  readonly schema?: Route["response"]["schema"];
  /** @param role - Of the client: of all events it is told those for its role. */
  logs(role: Role): NotificationLogs;
}

/** Each observable property, each event, and the new frames of each stream. */
export function sourcesOf(hosted: HostedThing, base: string, notifications: ThingNotifications) {
  const { properties, events, streams } = hosted.model;
  const thing = hosted.name;
  const ofEvent = (name: string, called = `'${name}' of ${thing}`): NotificationSource => ({
    path: `${base}/${name}`,
    called,
    place: { thing, kind: "events", affordance: name },
    op: ["subscribeevent", "unsubscribeevent"],
    role: notifications.roleFor(name),
    logs: () => onlyLog(notifications.event(name)),
  });
  return {
    properties: [...properties.values()]
      .filter(({ observable }) => observable)
      .map(
        ({ name, title, schema }): NotificationSource => ({
          path: `${base}/${name}`,
          called: `new values of '${title ?? name}' of ${thing}`,
          place: { thing, kind: "properties", affordance: name },
          op: ["observeproperty", "unobserveproperty"],
          role: "view",
          schema,
          logs: () => onlyLog(notifications.property(name)),
        }),
      ),
    events: [...events.values()].map(({ name, title, data }) => ({
      ...ofEvent(name, `'${title ?? name}' of ${thing}`),
      ...(data && { schema: data }),
    })),
    newFrames: [...streams.keys()].map((name) => ofEvent(`${name}_new_frame`)),
  };
}

/** All properties of a Thing together, and all its events, where it has some. */
export function sourcesOfAll(
  { name: thing, model }: HostedThing,
  base: string,
  notifications: ThingNotifications,
): NotificationSource[] {
  const place = { thing, kind: "thing" } as const;
  const properties: NotificationSource = {
    path: `${base}/properties`,
    called: `the new values of all properties of ${thing}`,
    place,
    op: ["observeallproperties", "unobserveallproperties"],
    role: "view",
    logs: () => notifications.allProperties(),
  };
  const events: NotificationSource = {
    path: `${base}/events`,
    called: `all events of ${thing} that are for the client's role`,
    place,
    op: ["subscribeallevents", "unsubscribeallevents"],
    role: "view",
    logs: (role) => notifications.allEvents(role),
  };
  const isObservable = [...model.properties.values()].some(({ observable }) => observable);
  const hasEvents = model.events.size + model.streams.size > 0;
  return [...(isObservable ? [properties] : []), ...(hasEvents ? [events] : [])];
}
