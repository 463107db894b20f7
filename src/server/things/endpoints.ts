import { validateHeaderName, validateHeaderValue } from "node:http";
import { reasonOf, ThingError } from "../../base/errors.ts";
import type { EndpointResponse } from "../../core/endpoint.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import { jsonCopy } from "../../core/json-value.ts";
import { runAsThing } from "../../core/running.ts";
import { isFault, type ThingFaults } from "../../core/thing-faults.ts";
import type { Route } from "../http/route.ts";

/** An endpoint says only with its answer what it is. */
const ANY_TYPE = "*/*";

/** The routes that a Thing's class adds with `@endpoint`. */
export function endpointRoutes(hosted: HostedThing, base: string): Route[] {
  return hosted.model.endpoints.map(({ method, path, role, member, description }) => ({
    method,
    path: `${base}/${path}`,
    role,
    summary: description || `${method} ${path} of ${hosted.name}`,
    response: { status: 200, contentType: ANY_TYPE },
    handle: async (exchange) => {
      const body = method === "GET" || method === "DELETE" ? undefined : await exchange.json();
      const { params, query } = exchange;
      const { faults, thing, name } = hosted;
      const signal = ownSignal(exchange.signal, faults);
      try {
        const given = await runAsThing(faults, async () =>
          Reflect.get(thing, member).call(thing, { params, query, signal, body }),
        );
        return {
          status: 200,
          ...endpointAnswer(given, `The endpoint ${method} '${path}' of Thing '${name}'`),
        };
      } catch (error) {
        if (isFault(error)) faults.count(member); // logged with the request
        throw error;
      }
    },
  }));
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
function ownSignal(signal: AbortSignal, faults: ThingFaults): AbortSignal {
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
