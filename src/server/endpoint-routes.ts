import type { EndpointRequest, EndpointResponse } from "../core/endpoint.ts";
import type { HostedThing } from "../core/hosted-thing.ts";
import { runAsThing } from "../core/running.ts";
import { isFault } from "../core/thing-faults.ts";
import type { Route } from "./route.ts";

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
      const members = hosted.thing as unknown as Record<
        string,
        (request: EndpointRequest) => Promise<EndpointResponse>
      >;
      const { params, query, signal } = exchange;
      const { faults, thing } = hosted;
      const answer = await runAsThing(faults, async () =>
        members[member]!.call(thing, { params, query, signal, body }),
      ).catch((error) => {
        if (isFault(error)) faults.count(member); // logged with the request
        throw error;
      });
      return {
        status: answer.status ?? 200,
        body: answer.body,
        contentType: answer.contentType,
        ...(answer.headers && { headers: answer.headers }),
      };
    },
  }));
}
