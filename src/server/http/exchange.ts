import type { IncomingMessage, ServerResponse } from "node:http";
import { queryOf } from "../../streams/stream-request.ts";
import { readJson, readPropertyValue } from "./body.ts";
import type { BodyLimits } from "./body-bytes.ts";
import type { Identity } from "./identity.ts";
import { rootOf } from "./origin.ts";
import type { Exchange, Route } from "./route.ts";

/** What somebody may send whom nobody knows: a login is less than a kilobyte. */
const BEFORE_LOGIN: BodyLimits = { limit: 4 * 1024, timeoutMs: 10_000 };

/** One request on its way through a route. What few routes look at is made when one does. */
export class RequestExchange implements Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly params: Readonly<Record<string, string>>;
  readonly identity: Identity | undefined;
  readonly #route: Route;
  #signal: AbortSignal | undefined;

  constructor(
    route: Route,
    request: IncomingMessage,
    response: ServerResponse,
    params: Readonly<Record<string, string>>,
    identity: Identity | undefined,
  ) {
    this.#route = route;
    this.request = request;
    this.response = response;
    this.params = params;
    this.identity = identity;
  }

  get query(): URLSearchParams {
    return queryOf(this.request);
  }

  get root(): string {
    return rootOf(this.request);
  }

  get signal(): AbortSignal {
    this.#signal ??= goneSignal(this.response);
    return this.#signal;
  }

  json(): Promise<unknown> {
    return readJson(this.request, this.#bodyLimits);
  }

  value(): Promise<unknown> {
    return readPropertyValue(this.request, this.#route.request?.schema, this.#bodyLimits);
  }

  get #bodyLimits(): BodyLimits {
    return this.#route.role === "none" ? BEFORE_LOGIN : {};
  }
}

/** One for all: nobody asks where it was made, and making one takes long. */
const GONE = new DOMException("The client has disconnected.", "AbortError");

/** Aborts when the client goes away, or has gone. */
function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  const abort = () => gone.abort(GONE);
  if (response.destroyed) abort();
  else response.once("close", abort);
  return gone.signal;
}
