import type { NatsConnection } from "@nats-io/transport-node";
import { abortable } from "../../base/abort.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import type { EnrichedDescription } from "../../server/directory/remote-things.ts";
import { findThings } from "./buckets.ts";
import { connectTo } from "./connect.ts";
import { watchThings } from "./descriptions.ts";
import { hearLeases } from "./lease.ts";
import { type Nats, nats } from "./library.ts";
import type { FleetOptions } from "./options.ts";
import { type PresentMember, Roster } from "./roster.ts";
import { requestSubject, rollCallSubject } from "./subjects.ts";

/** How long an answer is waited for, ms: longer than a member takes. */
const ANSWER_MS = 35_000;

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
  readonly #end = new AbortController();

  private constructor(library: Nats, connection: NatsConnection, fleet: string, log: Log) {
    this.#library = library;
    this.#connection = connection;
    this.#fleet = fleet;
    this.#roster = new Roster("", log);
  }

  /**
   * @param options.folder - Relative paths of the options begin there; the working folder when absent.
   * @throws {ThingError} `PROGRAM_MISSING`, `PROGRAM_REFUSED`, `BAD_CONFIG`.
   */
  static async connect(
    options: Omit<FleetOptions, "name" | "url">,
    { folder = ".", log = silentLog }: { readonly folder?: string; readonly log?: Log } = {},
  ): Promise<FleetClient> {
    const library = await nats();
    const connection = await connectTo(library, options, { folder, client: "thingscope client" });
    const { fleet = "lab" } = options;
    try {
      const things = await findThings(connection, library, fleet);
      const client = new FleetClient(library, connection, fleet, log);
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
    request.signal.throwIfAborted();
    const answer = this.#connection
      .request(subject, body, { timeout: ANSWER_MS, headers })
      .catch((cause) => {
        throw new TypeError(`'${name}' does not answer by NATS: ${messageOf(cause)}`, { cause });
      });
    return responseOf(await abortable(answer, request.signal), request.url);
  };

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
