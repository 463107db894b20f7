import { ThingError } from "../../base/errors.ts";
import { httpUrlIn } from "../../base/values.ts";
import type { FoundIn } from "./events.ts";
import { Consumer } from "./producer.ts";

/** Posts a frame's events to a URL, as JSON `{camera, run, index, capturedAt, events}`. */
export class HttpWriter<E = unknown> extends Consumer<E> {
  readonly #url: URL;

  /** @throws {ThingError} `BAD_ARGUMENT` for a URL that is not http or https, or contains credentials. */
  constructor(url: string) {
    super();
    this.#url = addressOf(url);
  }

  /** @throws {Error} unless the response is a success. Redirects are not followed. */
  override async incoming(
    events: readonly E[],
    { signal, ...of }: FoundIn & { readonly signal: AbortSignal },
  ): Promise<void> {
    const response = await fetch(this.#url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...of, events }),
      redirect: "manual",
      signal,
    }).catch((error: Error) => {
      const { message } = error.cause instanceof Error ? error.cause : error; // fetch says "fetch failed"
      throw new Error(`${this.#url.origin} could not be reached: ${message}.`, { cause: error });
    });
    await response.body?.cancel(); // the body is not used
    if (!response.ok) throw new Error(`${this.#url.origin} answered ${response.status}.`);
  }
}

function addressOf(text: string): URL {
  const url = httpUrlIn(text);
  if (url?.username === "" && url.password === "") return url;
  throw new ThingError(
    "BAD_ARGUMENT",
    "The URL for events must be an http or https URL without credentials, e.g. http://127.0.0.1:9000/events.",
  );
}
