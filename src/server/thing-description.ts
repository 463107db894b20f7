import { createHash } from "node:crypto";
import { hostname } from "node:os";
import type { HostedThing } from "../core/hosted-thing.ts";
import type { ThingHost } from "../core/thing-host.ts";
import { type Affordances, describedAffordances } from "./described-affordances.ts";
import type { PublishedModels } from "./published-models.ts";
import { JSON_TYPE, PROBLEM_TYPE, type Route, TD_TYPE, TM_TYPE } from "./route.ts";

/** Makes the Thing Description of one Thing, for a client that reached us under `origin`. */
export type ThingDescriber = (name: string, origin: string) => Record<string, unknown>;

/**
 * Thing Descriptions from models and the table of routes.
 * @see W3C Web of Things (WoT) Thing Description 1.1, Recommendation of 5 December 2023.
 */
export function thingDescriber(
  host: ThingHost,
  routes: readonly Route[],
  prefix: string,
  models: PublishedModels,
): ThingDescriber {
  return (name, origin) => {
    const hosted = host.get(name);
    const formed = formsOf(name, routes);
    const { properties, actions, events } = describedAffordances(hosted.model);
    return {
      "@context": [...TD_CONTEXTS, LANGUAGE],
      id: thingId(host, name),
      title: hosted.model.title,
      ...(hosted.model.description && { description: hosted.model.description }),
      base: `${origin}/`,
      ...NO_SECURITY,
      properties: withForms(properties, (affordance) => formed("properties", affordance)),
      actions: withForms(actions, (affordance) => formed("actions", affordance)),
      events: withForms(events, (affordance) => formed("events", affordance)),
      links: [
        { rel: "type", type: TM_TYPE, href: `${prefix}/thing_models/${models.nameFor(hosted)}` },
        { rel: "collection", type: TD_TYPE, href: "/.well-known/wot" },
        ...streamLinks(hosted, `${prefix}/${name}`),
      ],
      schemaDefinitions: { problem: PROBLEM_SCHEMA },
    };
  };
}

/** TD 1.0's first: node-wot's schema of 2021 accepts nothing else, and TD 1.1 allows it. */
export const TD_CONTEXTS = [
  "https://www.w3.org/2019/wot/td/v1",
  "https://www.w3.org/2022/wot/td/v1.1",
] as const;
export const LANGUAGE = { "@language": "en" } as const;

/** What every description says of who may use it. */
export const NO_SECURITY = {
  securityDefinitions: { no_security: { scheme: "nosec", description: "No security" } },
  security: "no_security",
} as const;

export const PROBLEM_SCHEMA = {
  type: "object",
  description: "Problem Details for HTTP APIs (RFC 9457)",
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    code: { type: "string" },
  },
  required: ["title", "status", "detail"],
};

/** The same affordances, each with its forms. */
export function withForms(
  affordances: Affordances,
  forms: (name: string) => unknown[],
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(affordances).map(([name, affordance]) => [
      name,
      { ...affordance, forms: forms(name) },
    ]),
  );
}

/** The forms of one Thing's routes by affordance, in the order of the table. */
export function formsOf(
  thing: string,
  routes: readonly Route[],
): (kind: string, name: string) => unknown[] {
  const forms = new Map<string, unknown[]>();
  for (const route of routes) {
    if (route.form?.thing !== thing) continue;
    const key = `${route.form.kind}/${route.form.affordance}`;
    forms.set(key, [...(forms.get(key) ?? []), formOf(route)]);
  }
  return (kind, name) => forms.get(`${kind}/${name}`) ?? [];
}

/** One form. `op` is a list even for one operation: node-wot searches a string for parts of it. */
function formOf({ path, method, form, request, response }: Route): Record<string, unknown> {
  const answered = response.contentType ?? JSON_TYPE;
  // An event's SSE form names the type of its data; `text/event-stream` is how the subprotocol carries it.
  const contentType = form?.subprotocol === "sse" ? JSON_TYPE : (request?.contentType ?? answered);
  return {
    href: uriTemplate(path, form?.variables),
    op: form?.op,
    contentType,
    ...(contentType !== answered &&
      form?.subprotocol !== "sse" && { response: { contentType: answered } }),
    ...(form?.subprotocol && { subprotocol: form.subprotocol }),
    ...(form?.op.length === 1 && { "htv:methodName": method }),
    additionalResponses: [{ success: false, contentType: PROBLEM_TYPE, schema: "problem" }],
  };
}

/** The path as an RFC 6570 template. */
export function uriTemplate(path: string, variables: readonly string[] = []): string {
  const query = variables.length > 0 ? `{?${variables.join(",")}}` : "";
  return path.replace(/:(\w+)/g, "{$1}") + query;
}

function streamLinks({ model }: HostedThing, path: string): Record<string, unknown>[] {
  return [...model.streams.keys()].flatMap((name) => [
    { rel: "alternate", type: "text/html", href: `${path}/${name}/viewer` },
    { rel: "alternate", type: "multipart/x-mixed-replace", href: `${path}/${name}` },
  ]);
}

/** The same after every restart, and nothing can be read from it. */
export function thingId({ settingsFolder }: ThingHost, name: string): string {
  const digest = createHash("sha256")
    .update(`${hostname()}\n${settingsFolder}\n${name}`)
    .digest("hex");
  const [a, b, c, d, e] = [
    digest.slice(0, 8),
    digest.slice(8, 12),
    digest.slice(13, 16),
    digest.slice(17, 20),
    digest.slice(20, 32),
  ];
  return `urn:uuid:${a}-${b}-8${c}-a${d}-${e}`;
}
