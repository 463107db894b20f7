import type { NatsConnection } from "@nats-io/transport-node";
import { abortable } from "../../base/abort.ts";
import { now } from "../../base/clock.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import { type ClockSample, clockOf } from "./clock.ts";
import type { Nats } from "./library.ts";
import type { PresentMember } from "./roster.ts";
import { requestSubject } from "./subjects.ts";

/** A member that is started again has another clock, ms. */
const CLOCK_KEPT_MS = 10_000;
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

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.#answerMs = options.answerMs ?? ANSWER_MS;
  }

  /**
   * What `fetch` does, by NATS: of a member's URL the host says which, and the rest is asked of it there.
   * @throws {TypeError} when no member that is present has the URL, or nobody answers.
   */
  readonly fetch: typeof fetch = async (input, init) => {
    const { connection, library, fleet, members } = this.#options;
    const request = new Request(input, init);
    const { origin, pathname, search } = new URL(request.url);
    const member = members().find(({ url }) => new URL(url).origin === origin);
    if (!member) throw new TypeError(`no member of the fleet is at ${origin}`);
    const { name } = member;
    const subject = requestSubject({ fleet, member: name }, request.method, pathname);
    const headers = library.headers();
    for (const [key, value] of request.headers) headers.set(key, value);
    if (search) headers.set("Query", search.slice(1));
    const body = new Uint8Array(await request.arrayBuffer());
    if (request.method !== "GET" && !headers.has("Deadline"))
      headers.set("Deadline", String(await this.#deadlineAt(name)));
    request.signal.throwIfAborted();
    const answer = connection
      .request(subject, body, { timeout: this.#answerMs, headers })
      .catch((cause) => {
        throw new TypeError(`'${name}' does not answer by NATS: ${messageOf(cause)}`, { cause });
      });
    return responseOf(await abortable(answer, request.signal), request.url);
  };

  /** When this client gives up, on the clock of a member: what comes to it later is not carried out. */
  async #deadlineAt(member: string): Promise<number> {
    const known = this.#clocks.get(member);
    const isFresh = known && now() - known.at < CLOCK_KEPT_MS;
    const clock = isFresh ? known : await this.#askClock(member);
    return now() + clock.steadyMs - clock.uncertaintyMs + this.#answerMs;
  }

  async #askClock(member: string): Promise<ClockSample> {
    const { connection, fleet } = this.#options;
    const clock = await clockOf(connection, { fleet, member }).catch((cause) => {
      throw new TypeError(`'${member}' does not answer by NATS: ${messageOf(cause)}`, { cause });
    });
    this.#clocks.set(member, clock);
    return clock;
  }
}

function responseOf(
  { headers, data }: Awaited<ReturnType<NatsConnection["request"]>>,
  url: string,
): Response {
  const status = Number(headers?.get("Status"));
  if (!(status >= 200 && status <= 599)) {
    throw new ThingError("BAD_MESSAGE", `The answer by NATS to ${url} has no status.`);
  }
  const given = [...(headers ?? [])].map(([name, [value = ""]]): [string, string] => [name, value]);
  const isEmpty = status === 204 || status === 304;
  const response = new Response(isEmpty ? null : data.slice(), { status, headers: given });
  Object.defineProperty(response, "url", { value: url });
  return response;
}
