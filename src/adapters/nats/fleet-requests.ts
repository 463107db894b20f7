import type { NatsConnection } from "@nats-io/transport-node";
import { abortable, delay } from "../../base/abort.ts";
import { now } from "../../base/clock.ts";
import { asSentence, messageOf, ThingError } from "../../base/errors.ts";
import { TOLD_ON } from "./answer-events.ts";
import { type ClockSample, clockOf } from "./clock.ts";
import type { Nats } from "./library.ts";
import { unpack } from "./packed.ts";
import type { PresentMember } from "./roster.ts";
import { requestSubject } from "./subjects.ts";
import { ToldStreams } from "./told-streams.ts";

/** A member that was heard within so long is there, and has the clock that it had, ms. A command asks any other first. */
const HEARD_MS = 3000;
/** A command is not begun later, ms: after that its client may give up without fear. */
const BEGIN_MS = 10_000;
/** How often a member that does not answer is asked whether it is there, ms. */
const LOOK_MS = 3000;
/** So many questions in a row without an answer say that it is not. */
const MOST_LOOKS = 2;
/** Addresses that members had, which name them still: one may have moved. */
const MOST_ADDRESSES = 1000;
/** How long an answer is waited for, ms, unless told otherwise: longer than a member takes. */
export const ANSWER_MS = 35_000;

interface RequestsOptions {
  readonly connection: NatsConnection;
  readonly library: Nats;
  readonly fleet: string;
  /** Those that are present now. */
  readonly members: () => readonly PresentMember[];
  /** How long an answer is waited for, ms. */
  readonly answerMs?: number;
}

/** Requests to the members of a fleet, by one connection. */
export class FleetRequests {
  readonly #options: RequestsOptions;
  readonly #answerMs: number;
  /** Of members that were given commands: at most as many as a roster has. */
  readonly #clocks = new Map<string, ClockSample>();
  readonly #asking = new Map<string, Promise<ClockSample>>();
  /** The members that were asked, by the origin at which they were. */
  readonly #addresses = new Map<string, string>();
  readonly #told: ToldStreams;

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.#answerMs = options.answerMs ?? ANSWER_MS;
    this.#told = new ToldStreams(options.connection, options.members);
  }

  /**
   * What `fetch` does, by NATS: of a member's URL the host says which, and the rest is asked of it there. Server-sent events come as
   * that member tells them; they break when it has gone or was started again.
   * @throws {TypeError} when no member that is present has the URL, or nobody answers.
   */
  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const { url, headers } = request;
    const member = this.#memberAt(new URL(url).origin);
    const first = await this.#ask(request, member);
    if (!first.headers.has(TOLD_ON)) return first;
    const { fleet } = this.#options;
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    const ask = (after: string) => {
      const again = new Headers(headers);
      again.set("Last-Event-ID", after);
      return this.#ask(new Request(url, { headers: again, signal: signal ?? null }), member);
    };
    return this.#told.open({ member, fleet, first, ask, signal });
  };

  /** @throws {TypeError} when it is nobody's, and was nobody's who is there. */
  #memberAt(origin: string): PresentMember {
    const there = this.#options.members();
    const before = this.#addresses.get(origin);
    const member =
      there.find(({ url }) => new URL(url).origin === origin) ??
      there.find(({ name }) => name === before);
    if (!member) throw new TypeError(`no member of the fleet is at ${origin}`);
    this.#addresses.delete(origin);
    this.#addresses.set(origin, member.name);
    if (this.#addresses.size > MOST_ADDRESSES)
      this.#addresses.delete(this.#addresses.keys().next().value!);
    return member;
  }

  async #ask(request: Request, { name }: PresentMember): Promise<Response> {
    const { connection, library, fleet } = this.#options;
    const { pathname, search } = new URL(request.url);
    const subject = requestSubject({ fleet, member: name }, request.method, pathname);
    const headers = library.headers();
    for (const [key, value] of request.headers) headers.set(key, value);
    if (search) headers.set("Query", search.slice(1));
    headers.set("Accept-Encoding", "gzip");
    const body = new Uint8Array(await request.arrayBuffer());
    const isCommand = request.method !== "GET" && request.method !== "HEAD";
    const beginMs = isCommand ? Math.min(this.#answerMs, BEGIN_MS) : 0;
    if (isCommand && !headers.has("Deadline"))
      headers.set("Deadline", String(await this.#deadlineAt(name, beginMs)));
    request.signal.throwIfAborted();
    const over = new AbortController();
    const answer = connection.request(subject, body, { timeout: this.#answerMs, headers });
    const silence = this.#silenceOf(name, now() + beginMs, over.signal);
    try {
      const message = await abortable(Promise.race([answer, silence]), request.signal);
      return await responseOf(message, request.url);
    } catch (cause) {
      if (request.signal.aborted || cause instanceof ThingError) throw cause;
      throw unanswered(name, cause, isCommand && !isUnsent(cause, library));
    } finally {
      over.abort();
      answer.catch(() => {}); // nobody waits for it any more
    }
  }

  /** When a command may be begun no more, on the clock of a member. */
  async #deadlineAt(member: string, beginMs: number): Promise<number> {
    const known = this.#clocks.get(member);
    const isFresh = known && now() - known.at < HEARD_MS;
    const clock = isFresh
      ? known
      : await this.#askClock(member).catch((cause) => {
          throw unanswered(member, cause, false);
        });
    return now() + clock.steadyMs - clock.uncertaintyMs + beginMs;
  }

  /** Rejects when a member is silent, but not before a command can be begun no more. */
  async #silenceOf(member: string, notBefore: number, over: AbortSignal): Promise<never> {
    for (let unanswered = 0; ; ) {
      await delay(LOOK_MS, over).catch(() => new Promise<never>(() => {})); // it was answered
      const isThere = await this.#askClock(member).then(
        () => true,
        () => false,
      );
      unanswered = isThere ? 0 : unanswered + 1;
      if (unanswered >= MOST_LOOKS && now() > notBefore)
        throw new TypeError("it does not say either what time it is there");
    }
  }

  /** All that ask at once share one question. */
  #askClock(member: string): Promise<ClockSample> {
    const { connection, fleet } = this.#options;
    let asking = this.#asking.get(member);
    if (!asking) {
      asking = clockOf(connection, { fleet, member })
        .then((clock) => {
          this.#clocks.set(member, clock);
          return clock;
        })
        .finally(() => this.#asking.delete(member));
      this.#asking.set(member, asking);
    }
    return asking;
  }
}

/** Whether NATS has carried a request to nobody. */
function isUnsent(cause: unknown, { errors }: Nats): boolean {
  const why = cause instanceof Error ? (cause.cause ?? cause) : cause;
  return [
    errors.NoRespondersError,
    errors.PermissionViolationError,
    errors.InvalidArgumentError,
  ].some((kind) => cause instanceof kind || why instanceof kind);
}

/** @param mayBeDone - Whether it was sent, and is more than a question. */
function unanswered(member: string, cause: unknown, mayBeDone: boolean): TypeError {
  const fate = mayBeDone
    ? " Whether it was carried out is not known: look there before you send it again."
    : "";
  return new TypeError(
    `'${member}' does not answer by NATS: ${asSentence(messageOf(cause))}${fate}`,
    { cause },
  );
}

async function responseOf(
  { headers, data }: Awaited<ReturnType<NatsConnection["request"]>>,
  url: string,
): Promise<Response> {
  const status = Number(headers?.get("Status"));
  if (!(status >= 200 && status <= 599)) {
    throw new ThingError("BAD_MESSAGE", `The answer by NATS to ${url} has no status.`);
  }
  const given = [...(headers ?? [])]
    .map(([name, [value = ""]]): [string, string] => [name, value])
    .filter(([name]) => name.toLowerCase() !== "content-encoding");
  const isEmpty = status === 204 || status === 304;
  const isPacked = headers?.get("content-encoding") === "gzip";
  const body = isPacked ? await unpack(data) : data;
  const response = new Response(isEmpty ? null : body.slice(), { status, headers: given });
  Object.defineProperty(response, "url", { value: url });
  return response;
}
