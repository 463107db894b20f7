import { createHash } from "node:crypto";
import { hostname } from "node:os";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Attempt } from "../../base/attempt.ts";
import { now } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { packageVersion } from "../../base/package-root.ts";
import { Supervisor } from "../../base/supervise.ts";
import { ownNames } from "../../server/access/policy.ts";
import type { FleetHealth } from "../../server/monitoring/fleet-health.ts";
import type { JoiningServer } from "../../server/server-options.ts";
import { openBuckets } from "./buckets.ts";
import { connectTo } from "./connect.ts";
import { describedThings } from "./described-things.ts";
import { type Nats, nats } from "./library.ts";
import { brokerOf, withNatsForms } from "./nats-forms.ts";
import type { FleetOptions } from "./options.ts";
import { assertFree, keepPresent, leave } from "./presence.ts";
import { answerRequests } from "./requests.ts";
import { Roster } from "./roster.ts";
import { type MemberName, rollCallSubject } from "./subjects.ts";
import { tellAll } from "./tell.ts";
import { watchBuckets } from "./watch.ts";
import { serveQueues } from "./work/serve-queues.ts";

const PAUSES = { firstMs: 500, longestMs: 5000 };
/** A server that ends waits no longer for NATS, ms. */
const END_MS = 3000;
const DEFAULT_FLEET = "lab";

/**
 * A server's place in a fleet: its Things are described to all members and answer requests by NATS, and `roster` lists the
 * Things of the others. While there is no connection everything else goes on, and the connection is made again.
 * @see https://docs.nats.io/nats-concepts/jetstream/key-value-store
 */
export class Fleet {
  readonly roster: Roster;
  readonly name: MemberName;
  /** Resolves when this server is a member for the first time. */
  readonly joined: Promise<void>;
  readonly #options: FleetOptions;
  readonly #folder: string;
  readonly #log: Log;
  readonly #supervisor: Supervisor;
  #server: JoiningServer | undefined;
  /** When the connection was lost last. */
  #lostAt: number | undefined;
  #hasJoined: () => void = () => {};

  /** @param options.folder - Relative paths of the options begin there. */
  constructor(options: FleetOptions, { folder, log }: { folder: string; log: Log }) {
    this.#options = options;
    this.#folder = folder;
    this.#log = log;
    this.name = { fleet: options.fleet ?? DEFAULT_FLEET, member: options.name };
    this.joined = new Promise((resolve) => {
      this.#hasJoined = resolve;
    });
    this.roster = new Roster(options.name, log);
    this.#supervisor = new Supervisor((attempt) => this.#member(attempt), {
      pauses: PAUSES,
      isBackground: true,
      endMs: END_MS,
      onFailure: ({ reason }) =>
        this.#log.warn(`The fleet is not reached: ${reason} Everything local goes on.`),
    });
  }

  /** What the connection does: `running` while this server is a member. */
  get status(): Supervisor["status"] {
    return this.#supervisor.status;
  }

  /** A description of one of this server's Things with forms of NATS beside those of HTTP. */
  described(description: Record<string, unknown>): Record<string, unknown> {
    const { name } = this;
    return withNatsForms(description, { name, broker: brokerOf(this.#options.servers) });
  }

  /** What `/health` says of it. */
  health(): FleetHealth {
    const { fleet, member } = this.name;
    const { state, reason } = this.status;
    const connected = state === "running";
    const lostFor = this.#lostAt === undefined ? null : Math.round((now() - this.#lostAt) / 1000);
    return {
      ...{ fleet, name: member, connected, lostFor: connected ? null : lostFor },
      ...(!connected && reason !== undefined && { reason }),
      members: this.roster.present.map(({ name, url, login = false }) => ({ name, url, login })),
    };
  }

  /** Takes part, as the server that listens now. */
  join(server: JoiningServer): void {
    this.#server = server;
    if (this.#options.url !== undefined)
      server.access.allowHost(new URL(this.#options.url).hostname);
    this.roster.onMembers(() => server.access.allowOrigins(originsOf(this.roster)));
    this.#supervisor.start();
  }

  async close(): Promise<void> {
    await this.#supervisor.close();
    this.roster.close();
  }

  async #member(attempt: Attempt): Promise<void> {
    const library = await nats();
    const connection = await connectTo(library, this.#options, {
      folder: this.#folder,
      client: `thingscope ${this.name.member}`,
    });
    try {
      await this.#take(connection, library, attempt);
    } finally {
      this.roster.pause();
      this.#lostAt = now();
      await connection.close().catch((error) => this.#log.debug(messageOf(error)));
    }
  }

  /** Until the connection fails, or `signal` aborts. */
  async #take(connection: NatsConnection, library: Nats, attempt: Attempt): Promise<void> {
    const { signal } = attempt;
    const server = this.#server!;
    const { name, roster } = this;
    const root = this.#rootOf(connection, server);
    const buckets = await openBuckets(connection, library, name.fleet);
    const end = new AbortController();
    const ending = AbortSignal.any([signal, end.signal]);
    const rollCall = rollCallSubject(name.fleet);
    const present = {
      name: name.member,
      lease: {
        ...{ id: idOf(server), url: root, version: packageVersion() },
        ...{ origins: ownOrigins(server), login: server.hasLogin },
      },
      things: describedThings(server, root, this.#log),
      onRollCall: (listener: () => void) => {
        const subscription = connection.subscribe(rollCall, { callback: listener });
        return () => subscription.unsubscribe();
      },
      log: this.#log,
    };
    const telling = { connection, library, hub: server.notifications, name };
    const stops: (() => void)[] = [];
    try {
      await assertFree(buckets, present);
      stops.push(answerRequests(connection, library, { server, name, root, log: this.#log }));
      stops.push(
        serveQueues(server.host, { connection, library, name, root: root + server.prefix }),
      );
      roster.resume();
      await Promise.race([
        new Promise<never>((_, reject) => stops.push(tellAll(server.host, telling, reject))),
        watchBuckets(buckets, roster, ending, () => connection.publish(rollCall)),
        keepPresent(buckets, present, ending, () => {
          attempt.heartbeat();
          this.#hasJoined();
        }),
        connection.closed().then(connectionLost),
      ]);
      if (signal.aborted) await leave(buckets, name.member);
    } finally {
      end.abort();
      for (const stop of stops) stop();
    }
  }

  /** As configured, or the address from which NATS sees this machine. */
  #rootOf({ info }: NatsConnection, { bound }: JoiningServer): string {
    if (this.#options.url !== undefined) return this.#options.url.replace(/\/$/, "");
    const { host, port, isSecure } = bound!;
    const address = isAnyAddress(host) ? (info?.client_ip ?? hostname()) : host;
    return `${isSecure ? "https" : "http"}://${address.includes(":") ? `[${address}]` : address}:${port}`;
  }
}

function isAnyAddress(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** By which names its pages may be opened: at most so many, as a lease has. */
function ownOrigins({ bound }: JoiningServer): string[] {
  const { port, isSecure } = bound!;
  const names = new Set(ownNames());
  return [...names].map((name) => `${isSecure ? "https" : "http"}://${name}:${port}`);
}

/** Pages of the other members show this server's Things, too. */
function originsOf({ present }: Roster): string[] {
  return present.flatMap(({ url, origins = [] }) => [new URL(url).origin, ...origins]);
}

/** The same after every restart, and another one for each folder of settings on each machine. */
function idOf({ host: { settingsFolder } }: JoiningServer): string {
  return createHash("sha256").update(`${hostname()}\n${settingsFolder}`).digest("hex").slice(0, 32);
}

function connectionLost(error: unknown): never {
  throw error ?? new Error("NATS has closed the connection.");
}
