import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { toDataSchema } from "../core/data-schema.ts";
import type { HostedThing } from "../core/hosted-thing.ts";
import type { ThingHost } from "../core/thing-host.ts";
import { JSON_TYPE, PROBLEM_TYPE, type Route } from "./route.ts";

/** Makes the Thing Description of one Thing, for a client that reached us under `origin`. */
export type ThingDescriber = (name: string, origin: string) => Record<string, unknown>;

type Affordances = Record<string, Record<string, unknown> & { forms: unknown[] }>;

/**
 * Thing Descriptions from models and the table of routes.
 * @see W3C Web of Things (WoT) Thing Description 1.1, Recommendation of 5 December 2023.
 */
export function thingDescriber(
  host: ThingHost,
  routes: readonly Route[],
  prefix: string,
): ThingDescriber {
  return (name, origin) => {
    const hosted = host.get(name);
    const formed = formsOf(name, routes);
    const { properties, actions, events } = affordancesWithForms(hosted, formed);
    return {
      // TD 1.0's context first: node-wot's schema of 2021 accepts nothing else, and TD 1.1 allows it.
      "@context": [
        "https://www.w3.org/2019/wot/td/v1",
        "https://www.w3.org/2022/wot/td/v1.1",
        { "@language": "en" },
      ],
      id: thingId(host, name),
      title: hosted.model.title,
      ...(hosted.model.description && { description: hosted.model.description }),
      base: `${origin}/`,
      securityDefinitions: { no_security: { scheme: "nosec", description: "No security" } },
      security: "no_security",
      properties,
      actions,
      events,
      links: streamLinks(hosted, `${prefix}/${name}`),
      schemaDefinitions: { problem: PROBLEM_SCHEMA },
    };
  };
}

const PROBLEM_SCHEMA = {
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

function affordancesWithForms(
  { model }: HostedThing,
  forms: (kind: string, name: string) => unknown[],
) {
  const properties: Affordances = {};
  const actions: Affordances = {};
  const events: Affordances = {};
  for (const { name, title, description, schema, readOnly } of model.properties.values()) {
    properties[name] = {
      ...toDataSchema(schema),
      title: title ?? name,
      description,
      readOnly,
      writeOnly: false,
      forms: forms("properties", name),
    };
  }
  for (const {
    name,
    title,
    description,
    input,
    output,
    safe,
    idempotent,
  } of model.actions.values()) {
    actions[name] = {
      title: title ?? name,
      description,
      ...(input && { input: toDataSchema(input) }),
      ...(output && { output: toDataSchema(output) }),
      safe,
      idempotent,
      synchronous: false,
      forms: forms("actions", name),
    };
  }
  for (const { name, title, description, data } of model.events.values()) {
    events[name] = {
      title: title ?? name,
      description,
      ...(data && { data: toDataSchema(data) }),
      forms: forms("events", name),
    };
  }
  for (const { name, title, description } of model.streams.values()) {
    properties[`${name}_frame`] = {
      title: `${title ?? name}: newest frame`,
      description: `${description}. As JSON it is the JPEG in base64, and null where all properties are read at once.`,
      oneOf: [
        { type: "string", contentMediaType: "image/jpeg", contentEncoding: "base64" },
        { type: "null" },
      ],
      readOnly: true,
      writeOnly: false,
      observable: true,
      forms: forms("properties", `${name}_frame`),
    };
    events[`${name}_new_frame`] = {
      title: `${title ?? name}: new frame`,
      description: "A frame has arrived: its identity, capture time (epoch ms) and size in bytes.",
      data: FRAME_ENTRY,
      forms: forms("events", `${name}_new_frame`),
    };
  }
  return { properties, actions, events };
}

const FRAME_ENTRY = {
  type: "object",
  properties: {
    run: { type: "string", description: "Short id of the stream's run" },
    index: { type: "integer", minimum: 0, description: "Counts from 0 in its run" },
    capturedAt: { type: "number", unit: "ms", description: "End of exposure, Unix time" },
    size: { type: "integer", minimum: 0, unit: "bytes", description: "Length of the JPEG" },
  },
  required: ["run", "index", "capturedAt", "size"],
};

/** The forms of one Thing's routes by affordance, in the order of the table. */
function formsOf(
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
    href: path,
    op: form?.op,
    contentType,
    ...(contentType !== answered &&
      form?.subprotocol !== "sse" && { response: { contentType: answered } }),
    ...(form?.subprotocol && { subprotocol: form.subprotocol }),
    ...(form?.op.length === 1 && { "htv:methodName": method }),
    additionalResponses: [{ success: false, contentType: PROBLEM_TYPE, schema: "problem" }],
  };
}

function streamLinks({ model }: HostedThing, path: string): Record<string, unknown>[] {
  return [...model.streams.keys()].flatMap((name) => [
    { rel: "alternate", type: "text/html", href: `${path}/${name}/viewer` },
    { rel: "alternate", type: "multipart/x-mixed-replace", href: `${path}/${name}` },
  ]);
}

/** The same after every restart, and nothing can be read from it. */
function thingId({ settingsFolder }: ThingHost, name: string): string {
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
