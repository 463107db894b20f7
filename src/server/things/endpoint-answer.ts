import { validateHeaderName, validateHeaderValue } from "node:http";
import { messageOf, ThingError } from "../../base/errors.ts";
import type { EndpointResponse } from "../../core/endpoint.ts";
import { jsonCopy } from "../../core/json-value.ts";

/** How long an answer is, and how it travels, is not for who gives it. */
const OF_THE_CONNECTION =
  /^(content-length|transfer-encoding|connection|keep-alive|upgrade|trailer)$/i;

/**
 * What an endpoint has answered, once it has been found to be an answer: a copy, so that nothing behind it can throw.
 * @param what - Begins the error's sentence, e.g. `The endpoint GET 'view' of Thing 'scope'`.
 * @throws {ThingError} `INVALID_OUTPUT`.
 */
export function endpointAnswer(given: unknown, what: string): EndpointResponse {
  try {
    return sound(given);
  } catch (cause) {
    throw new ThingError(
      "INVALID_OUTPUT",
      `${what} gave an answer that cannot be sent: ${messageOf(cause)}. This is a fault of its author.`,
      { cause },
    );
  }
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
