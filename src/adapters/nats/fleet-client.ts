import type { NatsConnection } from "@nats-io/transport-node";
import { abortable } from "../../base/abort.ts";
import { now } from "../../base/clock.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import type { EnrichedDescription } from "../../server/directory/remote-things.ts";
import { findThings } from "./buckets.ts";
import { type ClockSample, clockOf } from "./clock.ts";
import { connectTo } from "./connect.ts";
import { watchThings } from "./descriptions.ts";
import { hearLeases } from "./hear-leases.ts";
import { type Nats, nats } from "./library.ts";
import type { FleetOptions } from "./options.ts";
import { type PresentMember, Roster } from "./roster.ts";
import { requestSubject, rollCallSubject } from "./subjects.ts";

/** A member that is started again has another clock, ms. */
const CLOCK_KEPT_MS = 10_000;
/** How long an answer is waited for, ms, unless told otherwise: longer than a member takes. */
const ANSWER_MS = 35_000;

interface FleetClientOptions {
  /** Relative paths of the options begin there; the working folder when absent. */
  readonly folder?: string;
  readonly log?: Log;
  /** How long an answer is waited for, ms; 35 000 when absent. */
  readonly answerMs?: number;
}

/**
 * A client of a fleet, which is no member: it sees the members and their Things, and its `fetch` reaches them by NATS alone.
 * `ThingClient.connect(url, { fetch: fleet.fetch })` operates a Thing by it. When its connection is lost, every request is
 * refused, and the members go from its list: connect another one.
 */
export class FleetClient implements AsyncDisposable {
  readonly #library: Nats;
  readonly #connection: NatsConnection;
  readonly #fleet: string;
  readonly #roster: Roster;
  readonly #answerMs: number;
  /** Of members that were given commands: at most as many as a roster has. */
  readonly #clocks = new Map<string, ClockSample>();
  readonly #end = new AbortController();

  private constructor(
    library: Nats,
    connection: NatsConnection,
    fleet: string,
    { log, answerMs }: { log: Log; answerMs: number },
  ) {
    this.#library = library;
    this.#answerMs = answerMs;
    this.#connection = connection;
    this.#fleet = fleet;
    this.#roster = new Roster("", log);
  }

  /**
   * @throws {ThingError} `PROGRAM_MISSING`, `PROGRAM_REFUSED`, `BAD_CONFIG`.
   */
  static async connect(
    options: Omit<FleetOptions, "name" | "url">,
    { folder = ".", log = silentLog, answerMs = ANSWER_MS }: FleetClientOptions = {},
  ): Promise<FleetClient> {
    const library = await nats();
    const connection = await connectTo(library, options, { folder, client: "thingscope client" });
    const { fleet = "lab" } = options;
    try {
      const things = await findThings(connection, library, fleet);
      const client = new FleetClient(library, connection, fleet, { log, answerMs });
      hearLeases(connection, fleet, client.#roster);
      connection.publish(rollCallSubject(fleet));
      watchThings(things, client.#roster, client.#end.signal).catch((error) =>
        log.warn(`The fleet cannot be followed any more: ${messageOf(error)}`),
      );
      return client;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /** The members that are present; each is known a moment after the connection. */
  get members(): PresentMember[] {
    return this.#roster.present;
  }

  /** The descriptions of all Things of the members that are present, by id. */
  get things(): ReadonlyMap<string, EnrichedDescription> {
    return this.#roster.descriptions;
  }

  /** Calls `listener` whenever a Thing comes, changes or goes. @returns How to stop. */
  onChange(listener: () => void): () => void {
    return this.#roster.onChange(listener);
  }

  /**
   * What `fetch` does, by NATS: of a member's URL the host says which, and the rest is asked of it there.
   * @throws {TypeError} when no member that is present has the URL, or nobody answers.
   */
  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const { origin, pathname, search } = new URL(request.url);
    const member = this.members.find(({ url }) => new URL(url).origin === origin);
    if (!member) throw new TypeError(`no member of the fleet is at ${origin}`);
    const { name } = member;
    const subject = requestSubject({ fleet: this.#fleet, member: name }, request.method, pathname);
    const headers = this.#library.headers();
    for (const [key, value] of request.headers) headers.set(key, value);
    if (search) headers.set("Query", search.slice(1));
    const body = new Uint8Array(await request.arrayBuffer());
    if (request.method !== "GET" && !headers.has("Deadline"))
      headers.set("Deadline", String(await this.#deadlineAt(name)));
    request.signal.throwIfAborted();
    const answer = this.#connection
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
    const clock = await clockOf(this.#connection, { fleet: this.#fleet, member }).catch((cause) => {
      throw new TypeError(`'${member}' does not answer by NATS: ${messageOf(cause)}`, { cause });
    });
    this.#clocks.set(member, clock);
    return clock;
  }

  async close(): Promise<void> {
    this.#end.abort();
    this.#roster.close();
    await this.#connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
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
