import type { IncomingMessage, ServerResponse } from "node:http";
import { ThingError } from "../../base/errors.ts";
import { mediaRangesIn, qualityByName, qualityOf } from "./accept.ts";
import { EVENT_STREAM_TYPE, JSON_TYPE, type Route } from "./route.ts";

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
    const all = [first, ...others];
    const value = all.find((route) => !isEventStream(route)) ?? first;
    const wanted = wantsEvents(request, value.response.contentType ?? JSON_TYPE);
    return all.find((route) => isEventStream(route) === wanted) ?? first;
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

/**
 * True for a client that names server-sent events and wants them no less than the value as it is now: an answer without an
 * end is for those who ask for it, not for `*`. Of two that it wants alike, the one that it names first is meant.
 */
function wantsEvents({ headers: { accept } }: IncomingMessage, valueType: string): boolean {
  const ranges = mediaRangesIn(accept);
  const events = qualityByName(ranges, EVENT_STREAM_TYPE);
  if (events === undefined || events.quality === 0) return false;
  const value = qualityByName(ranges, valueType);
  if (value?.quality === events.quality) return events.position < value.position;
  return events.quality >= qualityOf(ranges, valueType);
}
