import type { IncomingMessage } from "node:http";
import type { EndpointRequest } from "../../core/endpoint.ts";
import type { Identity } from "../http/identity.ts";
import { clientAddressOf } from "../http/origin.ts";

/** What only the server needs to know of a request. */
const SECRET = /^(authorization|proxy-authorization|cookie)$/;

/** The request of an endpoint, as its Thing sees it. */
export function endpointRequest(
  request: IncomingMessage,
  identity: Identity | undefined,
  own: Omit<EndpointRequest, "headers" | "client">,
): EndpointRequest {
  const address = clientAddressOf(request);
  return {
    ...own,
    client: identity ? { name: identity.account.name, address } : { address },
    get headers() {
      const shown = Object.entries(request.headers).filter(([name]) => !SECRET.test(name));
      return Object.fromEntries(shown.map(([name, value]) => [name, String(value)]));
    },
  };
}
