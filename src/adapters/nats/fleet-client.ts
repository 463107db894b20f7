import type { KV } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { delay, ignoreAbort } from "../../base/abort.ts";
import { asSentence, messageOf } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import type { EnrichedDescription } from "../../server/directory/remote-things.ts";
import { findThings } from "./buckets.ts";
import { connectTo } from "./connect.ts";
import { hearFlowDenied } from "./denials.ts";
import { watchThings } from "./descriptions.ts";
import { ANSWER_MS, FleetRequests } from "./fleet-requests.ts";
import { hearLeases } from "./hear-leases.ts";
import { type Nats, nats } from "./library.ts";
import type { FleetOptions } from "./options.ts";
import { type PresentMember, Roster } from "./roster.ts";
import { rollCallSubject } from "./subjects.ts";
import { ToldOnce } from "./told-once.ts";

/** A bucket that cannot be followed is tried again after so long, ms. */
const AGAIN_MS = 3000;

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
      void hearFlowDenied(connection, library, (sentence) => log.warn(sentence));
      void client.#follow(things, library, fleet, log);
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

  /** Until it is closed, or has no connection any more. */
  async #follow(things: KV, library: Nats, fleet: string, log: Log): Promise<void> {
    const { signal } = this.#end;
    const once = new ToldOnce((sentence) => log.warn(sentence));
    let bucket: KV | undefined = things;
    while (!signal.aborted && !this.#connection.isClosed()) {
      try {
        bucket ??= await findThings(this.#connection, library, fleet);
        await watchThings(bucket, this.#roster, library, signal);
      } catch (error) {
        const why = asSentence(messageOf(error));
        if (!signal.aborted)
          once.note(why, `The fleet's Things are not followed: ${why} It is tried again.`);
      }
      bucket = undefined; // it may be made again
      await delay(AGAIN_MS, signal).catch(ignoreAbort);
    }
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
