import { delay } from "../base/abort.ts";
import { retried } from "../base/supervised-values.ts";
import { answerError } from "./answer-error.ts";
import { ClientError, mayPass, problemError } from "./client-error.ts";
import { type Following, serverSentEvents } from "./event-stream.ts";
import type { Http } from "./http.ts";
import { isJsonType, type JsonObject, objectOf } from "./json.ts";
import { RECONNECT_PAUSES } from "./reconnects.ts";
import type { SubscribeOptions } from "./subscription.ts";
import { type Affordance, type Form, formsFor } from "./thing-description.ts";

const SHORTEST_POLL_MS = 10;

/** Follows an event, or the values of a property, by the best way that its forms give: SSE, else long polling. */
export function notifications<T>(
  http: Http,
  affordance: Affordance,
  options: SubscribeOptions = {},
): (following: Following) => AsyncGenerator<T, void> {
  const op = affordance.kind === "event" ? "subscribeevent" : "observeproperty";
  const forms = formsFor(affordance.forms, op);
  const polled = forms.find(isLongpoll);
  const sse = forms.find(({ subprotocol }) => subprotocol === "sse");
  // Pictures come as they are by long polling, and in base64 by SSE.
  const isPicture = polled !== undefined && !isJsonType(polled.responseType);
  if (sse && !isPicture)
    return (following) => eventsByName<T>(http, sse, affordance.name, options, following);
  if (polled) return (following) => longpoll<T>(http, polled, affordance, options, following);
  const how = forms.map((form) => form.subprotocol).join(", ");
  throw new ClientError(
    "UNSUPPORTED",
    `The ${affordance.kind} '${affordance.name}' ${
      how === ""
        ? `has no form for '${op}': it cannot be followed. Poll its value instead.`
        : `can be followed only by ${how}; this client supports sse and longpoll.`
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

/** What this server calls the message that tells why there is no value. */
const PROBLEM_EVENT = "problem";

/** Messages under the affordance's own name, or under none, and problems; others are the server's own affair. */
async function* eventsByName<T>(
  http: Http,
  form: Form,
  name: string,
  { uriVariables, onProblem }: SubscribeOptions,
  following: Following,
): AsyncGenerator<T, void> {
  const url = form.url(uriVariables);
  const messages = serverSentEvents(http, url, { ...following, headers: form.headers });
  for await (const { event, data } of messages) {
    if (event === name || event === "message") yield http.parse<T>(data, url);
    else if (event === PROBLEM_EVENT) onProblem?.(name, toldProblem(http, name, data, url));
  }
}

function toldProblem(http: Http, name: string, data: string, url: string): ClientError {
  const fallback = `${url} has no value of '${name}', and did not say why.`;
  return problemError(problemIn(http, data, url), { url, fallback });
}

/** A server that means something else by that name is no reason to end. */
function problemIn(http: Http, data: string, url: string): JsonObject {
  try {
    return objectOf(http.parse(data, url));
  } catch {
    return {};
  }
}

/**
 * One request a value. A server that keeps values says by `Link: <...>; rel="next"` where to go on, also with an error
 * that stands in the place of a value.
 */
async function* longpoll<T>(
  http: Http,
  form: Form,
  affordance: Affordance,
  { uriVariables, onProblem }: SubscribeOptions,
  { signal, onOpen }: Following,
): AsyncGenerator<T, void> {
  const first = form.url(uriVariables);
  const content = { schema: schemaOf(affordance), expected: form.responseType };
  let isFirst = true;
  let url = first;
  const ask = async (signal: AbortSignal) => {
    const asking = http.request(url, {
      accept: form.responseType,
      headers: form.headers,
      signal,
      isAnswer: (response) => nextLink(response) !== undefined,
    });
    onOpen();
    const response = await asking;
    isFirst = false;
    const next = nextLink(response);
    if (!response.ok) return { next, problem: await answerError("GET", response) };
    return {
      next,
      values: response.status === 204 ? [] : [await http.content<T>(response, content)],
    };
  };
  const mayAskAgain = (error: unknown) => !isFirst && mayPass(error);
  while (!signal.aborted) {
    const asked = performance.now();
    try {
      const options = { pauses: RECONNECT_PAUSES, signal, mayPass: mayAskAgain };
      const { next, problem, values = [] } = await retried(ask, options);
      url = next ?? first;
      yield* values;
      if (problem) onProblem?.(affordance.name, problem);
      if (values.length === 0 || next === undefined) await notTooOften(asked, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/** A server that answers "nothing yet" at once is no reason to ask a thousand times a second. */
async function notTooOften(asked: number, signal: AbortSignal): Promise<void> {
  const left = SHORTEST_POLL_MS - (performance.now() - asked);
  if (left > 0) await delay(left, signal);
}

/** Where `Link: <url>; rel="next"` points, absolute. @see RFC 8288. */
function nextLink({ headers, url }: Response): string | undefined {
  for (const [, target, parameters] of (headers.get("link") ?? "").matchAll(/<([^>]*)>([^<]*)/g)) {
    if (/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\b)/i.test(parameters!)) {
      return new URL(target!, url).href;
    }
  }
  return undefined;
}
