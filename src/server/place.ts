import type { IncomingMessage, ServerResponse } from "node:http";
import { ThingError } from "../base/errors.ts";
import { EVENT_STREAM_TYPE, type Route } from "./route.ts";

/** The routes at one path. */
export class Place {
  /** What an `Allow` header says of them. */
  readonly allow: string;
  readonly #byMethod = new Map<string, readonly Route[]>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      this.#byMethod.set(route.method, [...(this.#byMethod.get(route.method) ?? []), route]);
    }
    const reads = this.#byMethod.get("GET");
    this.allow = [...this.#byMethod.keys(), ...(reads ? ["HEAD"] : []), "OPTIONS"].join(", ");
    if (reads) this.#byMethod.set("HEAD", reads);
  }

  /** The route that a request is for. @throws {ThingError} `METHOD_NOT_ALLOWED`. */
  routeFor(request: IncomingMessage, response: ServerResponse): Route {
    const [first, ...others] = this.#byMethod.get(request.method ?? "") ?? [];
    if (!first) throw this.#notAllowed(request, response);
    if (others.length === 0) return first;
    response.appendHeader("Vary", "Accept");
    const wanted = wantsEvents(request);
    return [first, ...others].find((route) => isEventStream(route) === wanted) ?? first;
  }

  #notAllowed({ url = "", method }: IncomingMessage, response: ServerResponse): ThingError {
    response.setHeader("Allow", this.allow);
    return new ThingError(
      "METHOD_NOT_ALLOWED",
      `${url.split("?")[0]} takes no ${method}. It takes: ${this.allow}.`,
    );
  }
}

function isEventStream({ response }: Route): boolean {
  return response.contentType === EVENT_STREAM_TYPE;
}

/** `*` includes server-sent events, but does not ask for an answer without an end. */
function wantsEvents({ headers: { accept = "" } }: IncomingMessage): boolean {
  const types = accept.split(",").map((type) => type.split(";")[0]!.trim().toLowerCase());
  return types.includes(EVENT_STREAM_TYPE);
}
