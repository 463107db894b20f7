import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { messageOf, ThingError, unknownAffordance } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { cut, quoted } from "../base/preview.ts";
import { thrownError } from "../base/thrown.ts";
import type { ThingHost } from "../core/thing-host.ts";
import type { RequestGate } from "./access/login/gate.ts";
import type { AccessPolicy } from "./access/policy.ts";
import { largeAnswers } from "./http/answer-queue.ts";
import { codingFor, encoded } from "./http/compression.ts";
import { assertUnchanged, judged } from "./http/conditions.ts";
import { RequestExchange } from "./http/exchange.ts";
import { besidePage, pageReply, prefersHtml, problemPage } from "./http/html.ts";
import { clientOf } from "./http/identity.ts";
import { prefixOf, rootOf } from "./http/origin.ts";
import { problemOf, withoutInput } from "./http/problem.ts";
import { allowEmbedding, setSecurityHeaders, writeProblem, writeReply } from "./http/reply.ts";
import { type Found, Resources } from "./http/resources.ts";
import { EVENT_STREAM_TYPE, type Exchange, type Route } from "./http/route.ts";
import { checkFraming, normalizeTarget } from "./http/target.ts";
import { type OwnApp, passed } from "./own-app.ts";

/** What all routes of a server share. */
interface Serving {
  /** Before every path. */
  readonly prefix: string;
  readonly host: ThingHost;
  readonly log: Log;
  readonly policy: AccessPolicy;
  /** Asks who sent a request; undefined where nobody has to log in. */
  readonly gate?: RequestGate | undefined;
  /** The user's own application, once there is one. */
  readonly app: () => OwnApp | undefined;
  /** Whether pages of other origins may show the pictures of a route. */
  readonly embeds: (route: Route) => boolean;
}

/**
 * The way of every request through a server: its target gets one form, access and login let it pass, the matcher finds the
 * route, and the route's handler answers. HEAD wherever GET, `Allow` on 405, every error a problem.
 */
export function listenerOf(routes: readonly Route[], serving: Serving): RequestListener {
  const resources = new Resources(routes);
  return (request, response) => {
    try {
      normalizeTarget(request);
      checkFraming(request);
    } catch (error) {
      response.shouldKeepAlive = false;
      fail(error, request, response, serving);
      return;
    }
    admit(request, response, serving, () => answer(resources, request, response, serving));
  };
}

/** A listener that is made anew, by `make`, when a request comes and the table of routes is another one. */
export function newestListener(
  table: () => readonly Route[],
  make: (routes: readonly Route[]) => RequestListener,
): RequestListener {
  let routes: readonly Route[] | undefined;
  let answer: RequestListener = () => {};
  return (request, response) => {
    const newest = table();
    if (newest !== routes) answer = make(newest);
    routes = newest;
    answer(request, response);
  };
}

/** The same routes for requests that have no connection of their own: a stream is refused before it begins. */
export function withoutStreams(routes: readonly Route[]): Route[] {
  return routes.map((route) => {
    const { contentType = "" } = route.response;
    const isStream = contentType === EVENT_STREAM_TYPE || contentType.startsWith("multipart/");
    return isStream ? { ...route, handle: refuseStream } : route;
  });
}

async function refuseStream({ request, root }: Exchange): Promise<never> {
  throw new ThingError(
    "NOT_SUPPORTED",
    `${root}${request.url} is a stream, which has no end: read it over HTTP.`,
  );
}

/**
 * Sets what every answer carries, and calls `next` if access lets the request pass. One that it refuses is answered
 * here. Where nobody has to log in, `next` is called at once.
 */
function admit(
  request: IncomingMessage,
  response: ServerResponse,
  serving: Serving,
  next: () => void,
): void {
  const { policy, gate } = serving;
  const refuse = (error: unknown) => fail(error, request, response, serving);
  setSecurityHeaders(response);
  policy.setCorsHeaders(request, response);
  try {
    policy.check(request);
  } catch (error) {
    refuse(error);
    return;
  }
  if (!gate) next();
  else if (policy.isPreflight(request)) {
    policy.setPreflightHeaders(request, response, "GET, HEAD, PUT, POST, DELETE");
    writeReply(request, response, { status: 204 });
  } else {
    gate.authenticate(request, response).then(() => response.destroyed || next(), refuse);
  }
}

async function answer(
  resources: Resources,
  request: IncomingMessage,
  response: ServerResponse,
  serving: Serving,
): Promise<void> {
  try {
    const path = pathOf(request.url);
    const found = resources.at(path);
    if (found) await answerBy(found, request, response, serving);
    else if (path === "*") writeReply(request, response, EVERYTHING);
    else if (resources.at(otherSlash(path)) && path !== "//") redirectToSlash(request, response);
    else await answerElsewhere(path, request, response, serving);
  } catch (error) {
    fail(error, request, response, serving);
  }
}

/** By the route of the table that it is for. */
async function answerBy(
  { resource, params }: Found,
  request: IncomingMessage,
  response: ServerResponse,
  { prefix, policy, gate, app, embeds }: Serving,
): Promise<void> {
  if (request.method === "OPTIONS") {
    policy.setPreflightHeaders(request, response, resource.allow);
    writeReply(request, response, { status: 204, headers: { Allow: resource.allow } });
    return;
  }
  const route = resource.routeFor(request, response);
  gate?.authorize(request, route);
  const own = app();
  if (own) await passed(own, request, response);
  if (route.method !== "GET" && !route.hasETag) assertUnchanged(request);
  const identity = gate?.identityOf(request);
  if (route.picture && (identity?.via === "signature" || embeds(route))) allowEmbedding(response);
  const exchange = new RequestExchange(route, request, response, params, identity);
  if (route.large) {
    await largeAnswers.turn(clientOf(identity, request));
    if (response.destroyed) return;
  }
  const answered = pageReply(route, request, prefix) ?? (await route.handle(exchange));
  if (!answered) return;
  const reply = besidePage(route, answered);
  const coding = codingFor(route, request);
  const answer = judged(route, request, reply, coding);
  const written = coding === "identity" ? answer : await encoded(answer, coding);
  if (!response.destroyed) writeReply(request, response, written, () => rootOf(request) + prefix);
}

/** By the user's own application, where there is one: who looks needs the role view, who changes something operate. */
async function answerElsewhere(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  { app, gate, host, prefix }: Serving,
): Promise<void> {
  const own = app();
  if (own) {
    const isRead = /^(GET|HEAD|OPTIONS)$/.test(request.method ?? "");
    gate?.authorize(request, { role: isRead ? "view" : "operate", path });
    await passed(own, request, response);
  }
  gate?.authorize(request, { role: "view", path }); // it names the Things
  throw notFound(path, host, prefix);
}

/** The answer to `OPTIONS *`, which asks about the server as a whole. */
const EVERYTHING = {
  status: 204,
  headers: { Allow: "GET, HEAD, PUT, POST, DELETE, OPTIONS" },
};

function pathOf(url = ""): string {
  const query = url.indexOf("?");
  return query < 0 ? url : url.slice(0, query);
}

/** LabThings redirects a path with the wrong trailing slash, both ways. */
function redirectToSlash(request: IncomingMessage, response: ServerResponse): void {
  const { url = "" } = request;
  const path = pathOf(url);
  const query = url.slice(path.length);
  response.writeHead(307, { Location: prefixOf(request) + otherSlash(path) + query });
  response.end();
}

function otherSlash(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : `${path}/`;
}

/**
 * The error for a path that leads nowhere: it names what there is in its place.
 * @param path - As the client wrote it, without a query.
 */
function notFound(path: string, host: ThingHost, prefix: string): ThingError {
  const [name = "", affordance = ""] = path.slice(prefix.length + 1).split("/");
  const hosted = path.startsWith(`${prefix}/`) ? host.things.get(name) : undefined;
  const model = hosted?.model;
  const origin = hosted?.thing.mirrorOf?.[0]?.href;
  const elsewhere = origin ? ` It is a mirror: other files and endpoints are at ${origin}.` : "";
  const names = [model?.properties, model?.actions, model?.events, model?.streams].flatMap(
    (affordances) => [...(affordances?.keys() ?? [])],
  );
  if (model && !names.includes(affordance)) {
    const { code, message } = unknownAffordance(name, "affordance", affordance, names);
    return new ThingError(code, message + elsewhere);
  }
  const things = [...host.things.keys()].map((thing) => `${prefix}/${thing}/`);
  const there =
    things.length > 0 ? `The Things are at: ${things.join(", ")}.` : "It has no Things.";
  return new ThingError(
    "NOT_FOUND",
    `This server has nothing at ${quoted(path)}. ${there}${elsewhere}`,
  );
}

/**
 * The answer to whatever a route threw, unless its client has gone or has half an answer already. It never throws: what
 * cannot be answered ends the connection.
 */
function fail(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  serving: Serving,
): void {
  try {
    if (response.destroyed || hasHungUp(request)) return;
    tell(error, request, response, serving);
  } catch (cause) {
    serving.log.error(`${request.method} ${request.url} was not answered: ${messageOf(cause)}`);
    response.destroy();
  }
}

function tell(
  thrown: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  { log, gate, prefix }: Serving,
): void {
  const error = thrownError(thrown);
  const found = problemOf(error, (request.url ?? "").split("?", 1)[0]);
  const isStranger = gate !== undefined && gate.identityOf(request) === undefined;
  const problem = isStranger ? withoutInput(found) : found;
  if (problem.status >= 500 && !(error instanceof ThingError)) {
    log.error(`${request.method} ${problem.instance} failed: ${problem.detail}`, {
      stack: error.stack && cut(error.stack, LONGEST_STACK),
    });
  }
  if (response.headersSent) response.destroy();
  else if (problem.status === 401 && gate) gate.refuse(request, response, problem);
  else if (prefersHtml(request))
    writeReply(request, response, problemPage(problem, request, prefix));
  else writeProblem(request, response, problem);
}

const LONGEST_STACK = 4000; // characters

/** Whether a client ended its connection in the middle of a request, which is known a moment before its response closes. */
function hasHungUp({ destroyed, complete }: IncomingMessage): boolean {
  return destroyed && !complete;
}
