import { createHash } from "node:crypto";
import { hostname } from "node:os";
import type { HostedThing } from "../../core/hosted-thing.ts";
import type { ThingHost } from "../../core/thing-host.ts";
import { pathOf } from "../http/origin.ts";
import { placesOf, type Route, TD_TYPE, TM_TYPE } from "../http/route.ts";
import { describedAffordances, typesOf } from "./affordances.ts";
import { formsOf, SCHEMA_DEFINITIONS, withForms } from "./forms.ts";
import type { PublishedModels } from "./models.ts";
import { needsLogin, profilesFor, type Security } from "./security.ts";

/** Makes the Thing Description of one Thing, for a client for whom this server begins at `root`. */
export type ThingDescriber = (name: string, root: string) => Record<string, unknown>;

/**
 * Thing Descriptions from models and the table of routes.
 * @see W3C Web of Things (WoT) Thing Description 1.1, Recommendation of 5 December 2023.
 */
export function thingDescriber(
  host: ThingHost,
  routes: readonly Route[],
  prefix: string,
  models: PublishedModels,
  security: Security,
): ThingDescriber {
  const hasWebhooks = routes.some((route) =>
    placesOf(route).some(({ subprotocol }) => subprotocol === "webhook"),
  );
  const rows = routesByThing(routes);
  return (name, root) => {
    const above = pathOf(root) + prefix;
    const hosted = host.get(name);
    const profile = profilesFor(security.securityDefinitions, {
      // A stream's pictures are not posted.
      hasWebhooks: hasWebhooks && hosted.model.streams.size === 0,
    });
    const forms = formsOf(name, rows.get(name) ?? [], { root, hasLogin: needsLogin(security) });
    const whole = forms("thing");
    const { properties, actions, events } = describedAffordances(hosted.model);
    return {
      "@context": [...TD_CONTEXTS, LANGUAGE],
      ...typesOf(hosted.model.types),
      id: thingId(host, name),
      title: hosted.model.title,
      ...(hosted.model.description && { description: hosted.model.description }),
      base: `${root}/`,
      ...(profile.length > 0 && { profile }),
      ...mirrorOf(hosted),
      ...security,
      properties: withForms(properties, (affordance) => forms("properties", affordance)),
      actions: withForms(actions, (affordance) => forms("actions", affordance)),
      events: withForms(events, (affordance) => forms("events", affordance)),
      ...(whole.forms.length > 0 && whole),
      links: [
        { rel: "type", type: TM_TYPE, href: `${above}/thing_models/${models.nameFor(hosted)}` },
        { rel: "collection", type: TD_TYPE, href: `${pathOf(root)}/.well-known/wot` },
        { rel: "service-doc", type: "text/html", href: `${above}/docs` },
        ...streamLinks(hosted, `${above}/${name}`),
        ...originLinks(hosted),
      ],
      schemaDefinitions: SCHEMA_DEFINITIONS,
    };
  };
}

/** Those that stand in the description of each Thing: looking through all for each of fifty Things takes long. */
function routesByThing(routes: readonly Route[]): Map<string, Route[]> {
  const found = new Map<string, Route[]>();
  for (const route of routes) {
    for (const thing of new Set(placesOf(route).map((place) => place.thing))) {
      const there = found.get(thing);
      if (there) there.push(route);
      else found.set(thing, [route]);
    }
  }
  return found;
}

/** TD 1.0's first: node-wot's schema of 2021 accepts nothing else, and TD 1.1 allows it. */
export const TD_CONTEXTS = [
  "https://www.w3.org/2019/wot/td/v1",
  "https://www.w3.org/2022/wot/td/v1.1",
] as const;
export const LANGUAGE = { "@language": "en" } as const;

function streamLinks({ model }: HostedThing, path: string): Record<string, unknown>[] {
  return [...model.streams.keys()].flatMap((name) => [
    { rel: "alternate", type: "text/html", href: `${path}/${name}/viewer` },
    { rel: "alternate", type: "multipart/x-mixed-replace", href: `${path}/${name}` },
  ]);
}

/** What a mirrored Thing is a mirror of. */
function mirrorOf({ thing }: HostedThing): object {
  return thing.mirrorOf ? { mirrorOf: thing.mirrorOf } : {};
}

/** @see RFC 4287, 7.1: `via` is the source of the information. */
function originLinks({ thing }: HostedThing): Record<string, unknown>[] {
  const origin = thing.mirrorOf?.[0];
  return origin ? [{ rel: "via", type: TD_TYPE, href: origin.href }] : [];
}

/**
 * The same after every restart, and nothing can be read from it. In a fleet machines may be copies of one disk: there its member's
 * name tells them apart.
 */
export function thingId({ settingsFolder, others, things }: ThingHost, name: string): string {
  const member = others.member ? [others.member] : [];
  // Machines of one name, as Raspberry Pis have it, would give a mirror the id of its origin.
  const origin = things.get(name)?.thing.mirrorOf?.at(-1)?.id ?? [];
  const parts = [hostname(), settingsFolder, name, ...member, origin].flat();
  const digest = createHash("sha256").update(parts.join("\n")).digest("hex");
  const [a, b, c, d, e] = [
    digest.slice(0, 8),
    digest.slice(8, 12),
    digest.slice(13, 16),
    digest.slice(17, 20),
    digest.slice(20, 32),
  ];
  return `urn:uuid:${a}-${b}-8${c}-a${d}-${e}`;
}
