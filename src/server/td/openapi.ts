import type { TSchema } from "typebox";
import { packageVersion } from "../../base/package-root.ts";
import type { ThingHost } from "../../core/thing-host.ts";
import { prefixOf } from "../http/origin.ts";
import { JSON_TYPE, PROBLEM_TYPE, type Route } from "../http/route.ts";
import { uriTemplate } from "./forms.ts";
import { componentSchemas, type Rows, responsesOf, toOpenApiSchema } from "./openapi-responses.ts";
import { ProblemSchema } from "./schemas.ts";

const DESCRIPTION = [
  "All routes of this server, from the table that it answers with.",
  "HEAD is answered wherever GET is, without the body; OPTIONS lists the methods of a path.",
  "Every error is a problem (RFC 9457) with one sentence that says what to do.",
].join(" ");

/** What is not a Thing's, by the first part of its path. */
const TAGS: ReadonlyMap<string, readonly [tag: string, description: string]> = new Map([
  ["things", ["Discovery", "The Things of this server and their descriptions."]],
  ["thing_descriptions", ["Discovery", ""]],
  ["thing_models", ["Discovery", ""]],
  ["directory", ["Discovery", ""]],
  [".well-known", ["Discovery", ""]],
  ["action_invocations", ["Invocations", "Runs of actions, and the files that they return."]],
  ["blob", ["Invocations", ""]],
  ["recordings", ["Recordings", "The recordings of all Things."]],
  ["health", ["Server", "Health and metrics of the server, and its pages."]],
]);
const SERVER = TAGS.get("health")!;

interface OpenApiContext {
  readonly host: ThingHost;
  readonly prefix: string;
  /** What a proxy takes off each path: empty, or like `/scope`. */
  readonly above?: string;
  /** Whether somebody has to log in. */
  readonly hasLogin?: boolean;
}

/**
 * The table of routes as an OpenAPI document.
 * @see OpenAPI Specification 3.1.1, 24 October 2024.
 */
function openApiDocument(
  routes: readonly Route[],
  context: OpenApiContext,
): Record<string, unknown> {
  const operationIds = new Map<string, number>();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const rows of operationsOf(routes)) {
    const [route] = rows;
    const path = uriTemplate(route.path);
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = {
      ...operation(rows, context),
      operationId: unique(operationIdOf(route, context.prefix), operationIds),
    };
  }
  return {
    openapi: "3.1.1",
    info: { title: "Thingscope", version: packageVersion(), description: DESCRIPTION },
    servers: [{ url: `${context.above ?? ""}/` }], // from where the document came
    tags: tagsOf(routes, context),
    paths,
    components: {
      schemas: componentSchemas(),
      responses: {
        Problem: {
          description: "What happened, why, and what to do",
          content: { [PROBLEM_TYPE]: { schema: toOpenApiSchema(ProblemSchema) } },
        },
      },
      ...(context.hasLogin && { securitySchemes: SECURITY_SCHEMES }),
    },
    security: context.hasLogin ? LOGINS : [],
  };
}

/** Rows of one method and path are one operation, which answers what is accepted. */
function operationsOf(routes: readonly Route[]): Rows[] {
  const operations = new Map<string, [Route, ...Route[]]>();
  for (const route of routes) {
    const key = `${route.method} ${route.path}`;
    const known = operations.get(key);
    if (known) known.push(route);
    else operations.set(key, [route]);
  }
  return [...operations.values()];
}

function operation(rows: Rows, context: OpenApiContext): Record<string, unknown> {
  const [route] = rows;
  const { summary, description, request, role } = route;
  return {
    tags: [tagOf(route, context)[0]],
    summary,
    ...(description && { description }),
    parameters: parametersOf(rows),
    ...(request?.schema && {
      requestBody: {
        required: request.isOptional !== true,
        content: requestContent(request),
      },
    }),
    responses: responsesOf(rows, context.hasLogin === true),
    ...(context.hasLogin && role === "none" && { security: [] }),
    ...(context.hasLogin && route.picture && { security: [...LOGINS, { signature: [] }] }),
    "x-role": role,
  };
}

/** One of them will do. */
const LOGINS = [{ basic: [] }, { bearer: [] }, { session: [] }];
const SECURITY_SCHEMES = {
  basic: {
    type: "http",
    scheme: "basic",
    description: "A user's name and password, or any name and a token",
  },
  bearer: { type: "http", scheme: "bearer", description: "A token" },
  session: {
    type: "apiKey",
    in: "cookie",
    name: "thingscope-{port}",
    description: "The cookie of a browser that has logged in; its name ends in the server's port",
  },
  signature: {
    type: "apiKey",
    in: "query",
    name: "signature",
    description: "Part of a signed address, beside 'expires' and 'by'",
  },
};

function requestContent({ contentType, schema, otherTypes = [] }: NonNullable<Route["request"]>) {
  const types = [contentType, ...otherTypes];
  return Object.fromEntries(types.map((type) => [type, { schema: toOpenApiSchema(schema ?? {}) }]));
}

function parametersOf(rows: Rows): Record<string, unknown>[] {
  const [{ path }] = rows;
  const query: Record<string, TSchema> = Object.assign({}, ...rows.map((row) => row.query));
  return [
    ...[...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
      name,
      in: "path",
      required: true,
      schema: { type: "string" },
    })),
    ...Object.entries(query).map(([name, schema]) => {
      const { description, ...rest } = Object.assign({ description: "" }, schema);
      return { name, in: "query", required: false, description, schema: toOpenApiSchema(rest) };
    }),
  ];
}

function tagsOf(
  routes: readonly Route[],
  context: OpenApiContext,
): { name: string; description: string }[] {
  const tags = new Map<string, string>();
  for (const route of routes) {
    const [name, description] = tagOf(route, context);
    tags.set(name, tags.get(name) || description);
  }
  return [...tags].map(([name, description]) => ({ name, description }));
}

function tagOf(
  { path }: Route,
  { host, prefix }: OpenApiContext,
): readonly [tag: string, description: string] {
  const below = prefix && path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
  const [, first = ""] = below.split("/");
  const thing = host.things.get(first);
  if (!thing) return TAGS.get(first) ?? SERVER;
  const { title, description } = thing.model;
  return [first, description ? `${title}: ${description}` : title];
}

function operationIdOf({ method, path }: Route, prefix: string): string {
  const below = path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
  const words = below.split(/\W+/).filter(Boolean);
  return [method.toLowerCase(), ...(words.length > 0 ? words : ["index"])].join("_");
}

function unique(wanted: string, used: Map<string, number>): string {
  const before = used.get(wanted) ?? 0;
  used.set(wanted, before + 1);
  return before === 0 ? wanted : unique(`${wanted}_${before + 1}`, used);
}

/** The document itself, outside any prefix: generators of clients look for it there. */
export function openApiRoute(table: () => readonly Route[], context: OpenApiContext): Route {
  // The table seldom changes, and proxies never.
  let made: { routes: readonly Route[]; above: string; body: Buffer } | undefined;
  return {
    method: "GET",
    path: "/openapi.json",
    role: "view",
    summary: "This document",
    response: { status: 200, contentType: JSON_TYPE },
    large: true,
    hasETag: true,
    compresses: true,
    handle: async ({ request }) => {
      const above = prefixOf(request);
      const routes = table();
      if (made?.above !== above || made.routes !== routes) {
        const document = openApiDocument(routes, { ...context, above });
        made = { routes, above, body: Buffer.from(JSON.stringify(document)) };
      }
      return { status: 200, body: made.body, contentType: JSON_TYPE };
    },
  };
}
