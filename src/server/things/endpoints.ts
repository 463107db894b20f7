import { validateHeaderName, validateHeaderValue } from "node:http";
import type { ByteReader } from "../../base/byte-reader.ts";
import { reasonOf, ThingError } from "../../base/errors.ts";
import type { EndpointAffordance, EndpointBody } from "../../core/affordances.ts";
import type { EndpointRequest, EndpointResponse } from "../../core/endpoint.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import { jsonCopy } from "../../core/json-value.ts";
import { runAsThing } from "../../core/running.ts";
import { isFault, type ThingFaults } from "../../core/thing-faults.ts";
import { dropRest, readBodyAsItComes } from "../http/body-stream.ts";
import { problemOf } from "../http/problem.ts";
import { type Exchange, PROBLEM_TYPE, type Reply, type Route } from "../http/route.ts";
import { endpointRequest } from "./endpoint-request.ts";

/** An endpoint says only with its answer what it is. */
const ANY_TYPE = "*/*";
const BYTES = { contentType: "application/octet-stream", otherTypes: [ANY_TYPE] };

/** The routes that a Thing's class adds with `@endpoint`. */
export function endpointRoutes(hosted: HostedThing, base: string): Route[] {
  return hosted.model.endpoints.map((endpoint): Route => {
    const { method, path, role, description, body } = endpoint;
    return {
      method,
      path: `${base}/${path}`,
      role,
      summary: description || `${method} ${path} of ${hosted.name}`,
      ...(body === "bytes" && { request: BYTES }),
      response: body === "messages" ? { status: 101 } : { status: 200, contentType: ANY_TYPE },
      handle: (exchange) => HANDLERS[body ?? "json"](hosted, endpoint, exchange),
    };
  });
}

type Handler = (
  hosted: HostedThing,
  endpoint: EndpointAffordance,
  exchange: Exchange,
) => Promise<Reply>;

const HANDLERS: Readonly<Record<EndpointBody, Handler>> = {
  async json(hosted, endpoint, exchange) {
    const hasBody = endpoint.method === "PUT" || endpoint.method === "POST";
    const body = hasBody ? await exchange.json() : undefined;
    return answerOf(hosted, endpoint, requestOf(exchange, hosted, { body }));
  },
  async bytes(hosted, endpoint, exchange) {
    const { request, response } = exchange;
    const readBytes = (reader: ByteReader) => readBodyAsItComes(request, reader);
    try {
      return await answerOf(hosted, endpoint, requestOf(exchange, hosted, { readBytes }));
    } finally {
      dropRest(request, response);
    }
  },
  async messages(_, __, { request }) {
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    return {
      status: 426,
      body: problemOf(upgradeRequired(path), path),
      contentType: PROBLEM_TYPE,
      headers: { Connection: "Upgrade", Upgrade: "websocket" },
    };
  },
};

function requestOf(
  { request, identity, params, query, signal }: Exchange,
  { faults }: HostedThing,
  own: Partial<EndpointRequest>,
): EndpointRequest {
  const other = async () => {
    throw new ThingError(
      "NOT_SUPPORTED",
      "This endpoint was not declared with a body of that kind.",
    );
  };
  return endpointRequest(request, identity, {
    ...{ params, query, signal: ownSignal(signal, faults) },
    ...{ readBytes: other, readMessages: other, ...own },
  });
}

/** What the Thing's method returns, once it has been found to be an answer. */
export async function answerOf(
  { faults, thing, name }: HostedThing,
  { method, path, member }: EndpointAffordance,
  request: EndpointRequest,
): Promise<EndpointResponse & { readonly status: number }> {
  try {
    const given = await runAsThing(faults, async () =>
      Reflect.get(thing, member).call(thing, request),
    );
    return {
      status: 200,
      ...endpointAnswer(given, `The endpoint ${method} '${path}' of Thing '${name}'`),
    };
  } catch (error) {
    if (isFault(error)) faults.count(member); // logged with the request
    throw error;
  }
}

/** The error for a plain request to the address of a WebSocket. */
export function upgradeRequired(path: string): ThingError {
  return new ThingError(
    "UPGRADE_REQUIRED",
    `${path} is a WebSocket. Open it with one: new WebSocket("ws://...${path}").`,
  );
}

/** How long an answer is, and how it travels, is not for who gives it. */
const OF_THE_CONNECTION =
  /^(content-length|transfer-encoding|connection|keep-alive|upgrade|trailer)$/i;

/**
 * What an endpoint has answered, once it has been found to be an answer: a copy, so that nothing behind it can throw.
 * @param what - Begins the error's sentence, e.g. `The endpoint GET 'view' of Thing 'scope'`.
 * @throws {ThingError} `INVALID_OUTPUT`.
 */
function endpointAnswer(given: unknown, what: string): EndpointResponse {
  try {
    return sound(given);
  } catch (cause) {
    throw new ThingError(
      "INVALID_OUTPUT",
      `${what} returned a response that cannot be sent: ${reasonOf(cause)}. Fix the code of this endpoint.`,
      { cause },
    );
  }
}

/** A signal whose listeners run as the Thing's own: what they throw is its fault. */
export function ownSignal(signal: AbortSignal, faults: ThingFaults): AbortSignal {
  const own = new AbortController();
  const abort = () => runAsThing(faults, () => own.abort(signal.reason));
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return own.signal;
}

function sound(given: unknown): EndpointResponse {
  if (typeof given !== "object" || given === null)
    throw new TypeError("it is not an object { contentType, body }");
  const { status = 200, contentType, headers = {}, body } = given as Partial<EndpointResponse>;
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new TypeError("its status is not an integer from 200 to 599");
  if (typeof contentType !== "string") throw new TypeError("its contentType is not a string");
  validateHeaderValue("Content-Type", contentType);
  const own = Object.entries(headers);
  for (const [name, value] of own) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    if (OF_THE_CONNECTION.test(name)) throw new TypeError(`its header ${name} is the server's own`);
  }
  return { status, contentType, headers: Object.fromEntries(own), body: soundBody(body) };
}

function soundBody(body: unknown): unknown {
  if (body instanceof Uint8Array || typeof body === "string") return body;
  return jsonCopy(body) ?? null;
}
