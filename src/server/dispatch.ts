import type { IncomingMessage, ServerResponse } from "node:http";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import { messageOf, ThingError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { ThingHost } from "../core/thing-host.ts";
import type { AccessPolicy } from "./access.ts";
import { readJson, readPropertyValue } from "./body.ts";
import type { Gate } from "./login/gate.ts";
import { nothingAt } from "./nothing-at.ts";
import { originOf } from "./origin.ts";
import { problemOf } from "./problem.ts";
import { writeProblem, writeReply } from "./reply.ts";
import { EVENT_STREAM_TYPE, type Exchange, type Route } from "./route.ts";
import { allowEmbedding, setSecurityHeaders } from "./security-headers.ts";

/** What all routes of a server share. */
export interface Serving {
  /** Before every path. */
  readonly prefix: string;
  readonly host: ThingHost;
  readonly log: Log;
  readonly policy: AccessPolicy;
  /** Asks who sent a request; undefined where nobody has to log in. */
  readonly gate?: Gate | undefined;
  /** Whether pages of other origins may show the pictures of a route. */
  readonly embeds: (route: Route) => boolean;
}

/** An express application that serves a table of routes: HEAD wherever GET, `Allow` on 405, every error a problem. */
export function expressOf(routes: readonly Route[], serving: Serving): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.enable("strict routing");
  app.enable("case sensitive routing");
  app.use(async (request, response, next) => {
    if (await admits(request, response, serving)) next();
  });
  for (const [path, there] of byPath(routes)) {
    app.all(path, (request, response) => dispatch(there, request, response, serving));
  }
  for (const path of byPath(routes).keys()) {
    if (path !== "/") app.all(otherSlash(path), redirectToSlash);
  }
  app.use((request, response) => {
    const path = request.originalUrl.split("?")[0]!;
    writeProblem(request, response, problemOf(nothingAt(path, serving.host, serving.prefix), path));
  });
  // Four parameters are what makes express hand errors to it. Only a path that cannot be decoded gets here.
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    fail(error instanceof URIError ? undecodable(request) : error, request, response, serving);
  });
  return app;
}

/** Sets what every answer carries. A request that access refuses is answered here. */
async function admits(request: Request, response: Response, serving: Serving): Promise<boolean> {
  const { policy, gate } = serving;
  setSecurityHeaders(response);
  policy.setCorsHeaders(request, response);
  try {
    policy.check(request);
    if (gate && policy.isPreflight(request)) {
      policy.setPreflightHeaders(request, response, "GET, HEAD, PUT, POST, DELETE");
      writeReply(request, response, { status: 204 });
      return false;
    }
    await gate?.admit(request, response);
    return !response.destroyed;
  } catch (error) {
    fail(error, request, response, serving);
    return false;
  }
}

async function dispatch(
  there: readonly Route[],
  request: Request,
  response: Response,
  serving: Serving,
): Promise<void> {
  const { prefix, policy, gate, embeds } = serving;
  try {
    if (request.method === "OPTIONS") {
      policy.setPreflightHeaders(request, response, allowedOf(there));
      writeReply(request, response, { status: 204, headers: { Allow: allowedOf(there) } });
      return;
    }
    const route = routeFor(there, request, response);
    gate?.authorize(request, route);
    const identity = gate?.identityOf(request);
    if (route.picture && (identity?.via === "signature" || embeds(route))) allowEmbedding(response);
    const reply = await route.handle({ ...exchangeOf(route, request, response), identity });
    if (reply) writeReply(request, response, reply, originOf(request) + prefix);
  } catch (error) {
    fail(error, request, response, serving);
  }
}

function routeFor(there: readonly Route[], request: Request, response: Response): Route {
  const wanted = request.method === "HEAD" ? "GET" : request.method;
  const found = there.filter((route) => route.method === wanted);
  if (found.length > 1) response.appendHeader("Vary", "Accept");
  const chosen = found.find((route) => isEventStream(route) === wantsEvents(request)) ?? found[0];
  if (chosen) return chosen;
  const allowed = allowedOf(there);
  response.setHeader("Allow", allowed);
  throw new ThingError(
    "METHOD_NOT_ALLOWED",
    `${request.originalUrl.split("?")[0]} takes no ${request.method}. It takes: ${allowed}.`,
  );
}

function isEventStream({ response }: Route): boolean {
  return response.contentType === EVENT_STREAM_TYPE;
}

/** `*` includes server-sent events, but does not ask for an answer without an end. */
function wantsEvents({ headers: { accept = "" } }: Request): boolean {
  const types = accept.split(",").map((type) => type.split(";")[0]!.trim().toLowerCase());
  return types.includes(EVENT_STREAM_TYPE);
}

/** What an `Allow` header says of the routes at one path. */
export function allowedOf(there: readonly Route[]): string {
  const methods = [...new Set(there.map(({ method }) => method))];
  return [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
}

function exchangeOf(
  route: Route,
  request: Request,
  response: Response,
): Omit<Exchange, "identity"> {
  const gone = new AbortController();
  response.on("close", () => gone.abort(new DOMException("The client has gone.", "AbortError")));
  return {
    request,
    response,
    params: request.params as Record<string, string>,
    query: new URL(request.originalUrl, "http://localhost").searchParams,
    origin: originOf(request),
    signal: gone.signal,
    json: () => readJson(request),
    value: () => readPropertyValue(request, route.request?.schema),
  };
}

/** The answer to whatever a route threw, unless its client has gone or has half an answer already. */
function fail(
  error: unknown,
  request: IncomingMessage & { originalUrl: string },
  response: ServerResponse,
  { log, gate }: Serving,
): void {
  if (response.destroyed) return;
  const problem = problemOf(error, request.originalUrl.split("?")[0]);
  if (problem.status >= 500 && !(error instanceof ThingError)) {
    log.error(`${request.method} ${problem.instance} failed: ${messageOf(error)}`, {
      stack: (error as Error)?.stack,
    });
  }
  if (response.headersSent) response.destroy();
  else if (problem.status === 401 && gate) gate.refuse(request, response, problem);
  else writeProblem(request, response, problem);
}

function byPath(routes: readonly Route[]): Map<string, Route[]> {
  const paths = new Map<string, Route[]>();
  for (const route of routes) paths.set(route.path, [...(paths.get(route.path) ?? []), route]);
  return paths;
}

/** LabThings redirects a path with the wrong trailing slash, both ways. */
function redirectToSlash(request: Request, response: Response): void {
  const [path, query] = request.originalUrl.split("?");
  response.writeHead(307, { Location: otherSlash(path!) + (query ? `?${query}` : "") });
  response.end();
}

function otherSlash(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : `${path}/`;
}

function undecodable({ originalUrl }: Request): ThingError {
  return new ThingError(
    "BAD_ARGUMENT",
    `The path ${originalUrl.split("?")[0]} has a '%' that is not followed by two hexadecimal digits of UTF-8. Write %25 for the sign itself.`,
  );
}
