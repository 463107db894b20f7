import type { HostedThing } from "../../core/hosted-thing.ts";
import { runAsThing } from "../../core/running.ts";
import { isFault, type ThingFaults } from "../../core/thing-faults.ts";
import type { Route } from "../http/route.ts";
import { endpointAnswer } from "./endpoint-answer.ts";

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

/** A signal whose listeners run as the Thing's own: what they throw is its fault. */
function ownSignal(signal: AbortSignal, faults: ThingFaults): AbortSignal {
  const own = new AbortController();
  const abort = () => runAsThing(faults, () => own.abort(signal.reason));
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return own.signal;
}
