import { delay } from "../base/abort.ts";
import { Backoff } from "./backoff.ts";
import { ClientError, mayPass } from "./client-error.ts";
import { type Following, serverSentEvents } from "./event-stream.ts";
import type { Http } from "./http.ts";
import { isJsonType } from "./json.ts";
import { type Affordance, type Form, formsFor } from "./thing-description.ts";

const SHORTEST_POLL_MS = 10;

/** Follows an event, or the values of a property, by the best way that its forms give: SSE, else long polling. */
export function notifications<T>(
  http: Http,
  affordance: Affordance,
  variables: Readonly<Record<string, unknown>> = {},
): (following: Following) => AsyncGenerator<T, void> {
  const op = affordance.kind === "event" ? "subscribeevent" : "observeproperty";
  const forms = formsFor(affordance.forms, op);
  const polled = forms.find(isLongpoll);
  const sse = forms.find(({ subprotocol }) => subprotocol === "sse");
  // Pictures come as they are by long polling, and in base64 by SSE.
  const isPicture = polled !== undefined && !isJsonType(polled.responseType);
  if (sse && !isPicture)
    return (following) => eventsByName<T>(http, sse, affordance.name, variables, following);
  if (polled)
    return (following) =>
      longpoll<T>(http, { form: polled, schema: schemaOf(affordance) }, variables, following);
  const how = forms.map((form) => form.subprotocol).join(", ");
  throw new ClientError(
    "UNSUPPORTED",
    `The ${affordance.kind} '${affordance.name}' ${
      how === ""
        ? `has no form for '${op}': it cannot be followed. Read it now and then instead.`
        : `can be followed by ${how} only; this client understands sse and longpoll.`
    }`,
  );
}

/** Without a subprotocol, the form of an event is long polling; for pictures there is MJPEGReader. */
function isLongpoll({ subprotocol, contentType }: Form): boolean {
  const isOpen = subprotocol === undefined && !contentType.startsWith("multipart/");
  return isOpen || subprotocol === "longpoll";
}

function schemaOf({ kind, raw }: Affordance): unknown {
  return kind === "event" ? raw.data : raw;
}

/** Messages under the affordance's own name, or under none; others are the server's own affair. */
async function* eventsByName<T>(
  http: Http,
  form: Form,
  name: string,
  variables: Readonly<Record<string, unknown>>,
  following: Following,
): AsyncGenerator<T, void> {
  const url = form.url(variables);
  const messages = serverSentEvents(http, url, { ...following, headers: form.headers });
  for await (const { event, data } of messages) {
    if (event !== name && event !== "message") continue;
    yield http.parse<T>(data, url);
  }
}

/** One request a value. A server that keeps values says by `Link: <...>; rel="next"` where to go on. */
async function* longpoll<T>(
  http: Http,
  { form, schema }: { form: Form; schema: unknown },
  variables: Readonly<Record<string, unknown>>,
  { signal, onOpen }: Following,
): AsyncGenerator<T, void> {
  const first = form.url(variables);
  const backoff = new Backoff();
  let isFirst = true;
  for (let url = first; !signal.aborted; ) {
    const asked = performance.now();
    try {
      const answer = http.request(url, {
        accept: form.responseType,
        headers: form.headers,
        signal,
      });
      onOpen();
      const response = await answer;
      isFirst = false;
      backoff.reset();
      url = nextLink(response) ?? first;
      if (response.status !== 204)
        yield await http.content<T>(response, { schema, expected: form.responseType });
      if (response.status === 204 || nextLink(response) === undefined) {
        await notTooOften(asked, signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isFirst || !mayPass(error)) throw error;
      await backoff.wait(signal).catch(() => {});
    }
  }
}

/** A server that answers "nothing yet" at once is no reason to ask a thousand times a second. */
async function notTooOften(asked: number, signal: AbortSignal): Promise<void> {
  const left = SHORTEST_POLL_MS - (performance.now() - asked);
  if (left > 0) await delay(left, signal);
}

/** Where `Link: <url>; rel="next"` points, absolute. @see RFC 8288. */
export function nextLink({ headers, url }: Response): string | undefined {
  for (const [, target, parameters] of (headers.get("link") ?? "").matchAll(/<([^>]*)>([^<]*)/g)) {
    if (/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\b)/i.test(parameters!)) {
      return new URL(target!, url).href;
    }
  }
  return undefined;
}
