import type { IncomingMessage, ServerResponse } from "node:http";
import { messageOf, ThingError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { cut } from "../base/preview.ts";
import { thrownError } from "../base/thrown.ts";
import type { ThingHost } from "../core/thing-host.ts";
import type { Gate } from "./access/login/gate.ts";
import type { AccessPolicy } from "./access/policy.ts";
import { largeAnswers } from "./http/answer-queue.ts";
import { assertUnchanged, judged } from "./http/conditions.ts";
import { RequestExchange } from "./http/exchange.ts";
import { clientOf } from "./http/identity.ts";
import { rootOf } from "./http/origin.ts";
import { problemOf, withoutInput } from "./http/problem.ts";
import { allowEmbedding, setSecurityHeaders, writeProblem, writeReply } from "./http/reply.ts";
import type { Place } from "./http/resource.ts";
import type { Route } from "./http/route.ts";

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

/**
 * Sets what every answer carries, and calls `next` if access lets the request pass. One that it refuses is answered
 * here. Where nobody has to log in, `next` is called at once.
 */
export function admit(
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
    gate.admit(request, response).then(() => response.destroyed || next(), refuse);
  }
}

/**
 * Answers a request by the route at its path that it is for.
 * @param params - The `:name` segments of the path.
 */
export async function answer(
  place: Place,
  params: Readonly<Record<string, string>>,
  request: IncomingMessage,
  response: ServerResponse,
  serving: Serving,
): Promise<void> {
  const { prefix, policy, gate, embeds } = serving;
  try {
    if (request.method === "OPTIONS") {
      policy.setPreflightHeaders(request, response, place.allow);
      writeReply(request, response, { status: 204, headers: { Allow: place.allow } });
      return;
    }
    const route = place.routeFor(request, response);
    gate?.authorize(request, route);
    if (route.method !== "GET" && !route.hasETag) assertUnchanged(request);
    const identity = gate?.identityOf(request);
    if (route.picture && (identity?.via === "signature" || embeds(route))) allowEmbedding(response);
    const exchange = new RequestExchange(route, request, response, params, identity);
    if (route.large) {
      await largeAnswers.turn(clientOf(identity, request));
      if (response.destroyed) return;
    }
    const reply = await route.handle(exchange);
    if (reply)
      writeReply(request, response, judged(route, request, reply), () => rootOf(request) + prefix);
  } catch (error) {
    fail(error, request, response, serving);
  }
}

/**
 * The answer to whatever a route threw, unless its client has gone or has half an answer already. It never throws: what
 * cannot be answered ends the connection.
 */
export function fail(
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
  { log, gate }: Serving,
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
  else writeProblem(request, response, problem);
}

const LONGEST_STACK = 4000; // characters

/** Whether a client ended its connection in the middle of a request, which is known a moment before its response closes. */
function hasHungUp({ destroyed, complete }: IncomingMessage): boolean {
  return destroyed && !complete;
}
