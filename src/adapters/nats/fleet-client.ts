import type { NatsConnection } from "@nats-io/transport-node";
import { messageOf } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import type { EnrichedDescription } from "../../server/directory/remote-things.ts";
import { findThings } from "./buckets.ts";
import { connectTo } from "./connect.ts";
import { watchThings } from "./descriptions.ts";
import { ANSWER_MS, FleetRequests } from "./fleet-requests.ts";
import { hearLeases } from "./hear-leases.ts";
import { type Nats, nats } from "./library.ts";
import type { FleetOptions } from "./options.ts";
import { type PresentMember, Roster } from "./roster.ts";
import { rollCallSubject } from "./subjects.ts";

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
  readonly #connection: NatsConnection;
  readonly #roster: Roster;
  readonly #requests: FleetRequests;
  readonly #end = new AbortController();

  private constructor(
    library: Nats,
    connection: NatsConnection,
    fleet: string,
    { log, answerMs }: { log: Log; answerMs: number },
  ) {
    this.#connection = connection;
    this.#roster = new Roster("", log);
    const members = () => this.members;
    this.#requests = new FleetRequests({ connection, library, fleet, members, answerMs });
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
  get fetch(): typeof fetch {
    return this.#requests.fetch;
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
