import { ClientError } from "./client-error.ts";

/**
 * Node's `fetch` refuses answers that browsers and cameras agree on: heads with line feeds alone, lines without a name, a length
 * beside chunks. There, what imports `thingscope/client` has a reader of answers that takes them; in browsers nothing is needed.
 */
let lenient: typeof fetch | undefined;

/** What the usual one says of an interim answer, and of a redirect to itself, which wants its cookie. */
const ODD: ReadonlySet<string> = new Set(["bad response", "redirect count exceeded"]);

/** Gives the client a `fetch` for GET that takes what the usual one refuses. */
export function setLenientFetch(lenientFetch: typeof fetch): void {
  lenient = lenientFetch;
}

/** The lenient `fetch`, where there is one. */
export function lenientFetch(): typeof fetch | undefined {
  return lenient;
}

/** Whether a request failed because its answer is not HTTP as Node's parser wants it, is shorter than it is by its length, or wants a cookie. */
export function mayBeMisread(error: unknown): boolean {
  if (error instanceof ClientError && error.code === "BAD_ANSWER") return true;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const isParser = String(Reflect.get(cause, "code") ?? "").startsWith("HPE_");
    if (isParser || ODD.has(cause.message)) return true;
  }
  return false;
}
