import { setImmediate as nextTurn } from "node:timers/promises";
import type { KV } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { delay, ignoreAbort } from "../../base/abort.ts";
import type { Attempt } from "../../base/attempt.ts";
import { asSentence, messageOf } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import { Supervisor } from "../../base/supervise.ts";
import type { EnrichedDescription } from "../../server/directory/remote-things.ts";
import { findThings } from "./buckets.ts";
import { connectionLost, connectTo, endConnection } from "./connect.ts";
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
/** A client that is closed waits no longer for NATS, ms. */
const END_MS = 3000;
const PAUSES = { firstMs: 500, longestMs: 5000 };

const LOST = "The connection to NATS was lost, and is made again.";
const CLOSED = "This client of the fleet was closed: connect another one.";

interface Opened {
  readonly connection: NatsConnection;
  readonly things: KV;
}

interface FleetClientOptions {
  /** Relative paths of the options begin there; the working folder when absent. */
  readonly folder?: string;
  readonly log?: Log;
  /** How long an answer is waited for, ms; 35 000 when absent. */
  readonly answerMs?: number;
}

/**
 * A client of a fleet, which is no member: it sees the members and their Things, and its `fetch` reaches them by NATS alone.
 * `ThingClient.connect(url, { fetch: fleet.fetch })` operates a Thing by it. A connection that is lost is made again, to any of the
 * servers: until then requests are refused, and the members stay as they were.
 */
export class FleetClient implements AsyncDisposable {
  readonly #library: Nats;
  readonly #open: () => Promise<NatsConnection>;
  readonly #fleet: string;
  readonly #log: Log;
  readonly #answerMs: number;
  readonly #roster: Roster;
  readonly #supervisor: Supervisor;
  /** What it begins with; later ones are opened by need. */
  #first: Opened | undefined;
  #requests: FleetRequests | undefined;
  #hasBegun = () => {};

  private constructor(
    { library, open, first }: { library: Nats; open: () => Promise<NatsConnection>; first: Opened },
    fleet: string,
    { log, answerMs }: { log: Log; answerMs: number },
  ) {
    this.#library = library;
    this.#open = open;
    this.#first = first;
    this.#fleet = fleet;
    this.#log = log;
    this.#answerMs = answerMs;
    this.#roster = new Roster("", log);
    const once = new ToldOnce((sentence) => log.warn(sentence));
    this.#supervisor = new Supervisor((attempt) => this.#attend(attempt), {
      pauses: PAUSES,
      endMs: END_MS,
      onFailure: ({ reason }) => {
        once.note(reason, `The fleet is not reached: ${asSentence(reason)}`);
        this.#hasBegun(); // lost as soon as it was there: it is made again as at any other time
      },
    });
  }

  /**
   * @throws {ThingError} `PROGRAM_MISSING`, `PROGRAM_REFUSED`, `BAD_CONFIG`.
   */
  static async connect(
    options: Omit<FleetOptions, "name" | "url">,
    { folder = ".", log = silentLog, answerMs = ANSWER_MS }: FleetClientOptions = {},
  ): Promise<FleetClient> {
    const library = nats();
    const open = () => connectTo(library, options, { folder, client: "thingscope client" });
    const { fleet = "lab" } = options;
    const connection = await open();
    try {
      const things = await findThings(connection, library, fleet);
      const first = { connection, things };
      const client = new FleetClient({ library, open, first }, fleet, { log, answerMs });
      await new Promise<void>((resolve) => {
        client.#hasBegun = resolve;
        client.#supervisor.start();
      });
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
   * @throws {TypeError} when no member that is present has the URL, nobody answers, or there is no connection.
   */
  get fetch(): typeof fetch {
    return this.#fetch;
  }

  readonly #fetch: typeof fetch = async (input, init) => {
    if (this.#requests) return this.#requests.fetch(input, init);
    await nextTurn(); // whoever asks again at once would let nothing else run, and no connection be made
    const { state, reason = LOST } = this.#supervisor.status;
    throw new TypeError(state === "finished" ? CLOSED : `${asSentence(reason)} Try it again.`);
  };

  /** Until the connection is lost, or the client is closed. */
  async #attend(attempt: Attempt): Promise<void> {
    const { connection, things } = this.#first ?? { connection: await this.#open() };
    this.#first = undefined;
    const library = this.#library;
    const end = new AbortController();
    const stopHearing = hearLeases(connection, this.#fleet, this.#roster);
    try {
      connection.publish(rollCallSubject(this.#fleet));
      void hearFlowDenied(connection, library, (sentence) => this.#log.warn(sentence));
      const members = () => this.members;
      const answerMs = this.#answerMs;
      this.#requests = new FleetRequests({
        ...{ connection, library, fleet: this.#fleet, members, answerMs },
      });
      this.#roster.resume();
      attempt.heartbeat();
      this.#hasBegun();
      const ending = AbortSignal.any([attempt.signal, end.signal]);
      await Promise.race([this.#follow(connection, things, ending), connectionLost(connection)]);
    } finally {
      end.abort();
      this.#requests = undefined;
      this.#roster.pause();
      stopHearing();
      await endConnection(connection);
    }
  }

  /** Until it is closed. */
  async #follow(connection: NatsConnection, things: KV | undefined, signal: AbortSignal) {
    const once = new ToldOnce((sentence) => this.#log.warn(sentence));
    let bucket = things;
    while (!signal.aborted) {
      try {
        bucket ??= await findThings(connection, this.#library, this.#fleet);
        await watchThings(bucket, this.#roster, this.#library, signal);
      } catch (error) {
        const why = asSentence(messageOf(error));
        if (!signal.aborted && !connection.isClosed())
          once.note(why, `The fleet's Things are not followed: ${why} It is tried again.`);
      }
      bucket = undefined; // it may be made again
      await delay(AGAIN_MS, signal).catch(ignoreAbort);
    }
  }

  async close(): Promise<void> {
    await this.#supervisor.close();
    this.#roster.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
