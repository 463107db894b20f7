import { randomUUID } from "node:crypto";
import type { NatsConnection } from "@nats-io/transport-node";
import { within } from "../../base/abort.ts";
import type { Attempt } from "../../base/attempt.ts";
import { now } from "../../base/clock.ts";
import { asSentence, messageOf, ThingError } from "../../base/errors.ts";
import { type ClockOffset, fleetClock } from "../../base/fleet-clock.ts";
import type { Log } from "../../base/log.ts";
import { packageVersion } from "../../base/package-root.ts";
import { Supervisor } from "../../base/supervise.ts";
import type { FleetHealth } from "../../server/monitoring/fleet-health.ts";
import type { JoiningServer } from "../../server/server-options.ts";
import { rootOf } from "../own-address.ts";
import { ToldReasons } from "../told-reasons.ts";
import { originsOf, ownOrigins } from "./addresses.ts";
import { keepReplicated, openOwn } from "./buckets.ts";
import { keepClock } from "./clock.ts";
import { connectionLost, connectTo, endConnection } from "./connect.ts";
import { Denials } from "./denials.ts";
import { describedThings } from "./described-things.ts";
import { keepDescribed } from "./descriptions.ts";
import { FleetPeers } from "./fleet-peers.ts";
import { FleetRequests } from "./fleet-requests.ts";
import { hearLeases } from "./hear-leases.ts";
import type { Lease, LeaseClock } from "./lease.ts";
import { type Nats, nats } from "./library.ts";
import { brokerOf, withNatsForms } from "./nats-forms.ts";
import type { FleetOptions } from "./options.ts";
import { claimName, keepPresent, leave } from "./presence.ts";
import { answerRequests } from "./requests.ts";
import { Roster } from "./roster.ts";
import type { MemberName } from "./subjects.ts";
import { tellAll } from "./tell.ts";
import { ToldOnce } from "./told-once.ts";
import { serveQueues } from "./work/serve-queues.ts";

const PAUSES = { firstMs: 500, longestMs: 5000 };
/** A server that ends waits no longer for NATS, ms. */
const END_MS = 3000;
/** What Things do at other members before this one leaves is not waited for longer, ms. */
const GOODBYE_MS = 5000;
/** A reason that comes again is told again after so long, ms: a network may come and go each second. */
/** Bytes of a message's head. */
const HEAD_BYTES = 1024;
const DEFAULT_FLEET = "lab";

/**
 * A server's place in a fleet: its Things are described to all members and answer requests by NATS, and `roster` lists the
 * Things of the others. While there is no connection everything else goes on, and the connection is made again.
 * @see https://docs.nats.io/nats-concepts/jetstream/key-value-store
 */
export class Fleet {
  readonly roster: Roster;
  readonly name: MemberName;
  /** Resolves when this server is a member for the first time, and has described its Things if JetStream takes that. */
  readonly joined: Promise<void>;
  readonly #options: FleetOptions;
  readonly #folder: string;
  readonly #log: Log;
  readonly #supervisor: Supervisor;
  readonly #peers: FleetPeers;
  #server: JoiningServer | undefined;
  /** When the fleet was reached last. */
  #heardAt: number | undefined;
  /** Why the bucket of descriptions cannot be used. */
  #fault: string | undefined;
  /** When the log has told reasons why there is no connection, on the clock of `now()`. */
  readonly #told = new ToldReasons();
  readonly #denials: Denials;
  readonly #once: ToldOnce;
  /** Why others cannot reach this server over HTTP. */
  #hidden: string | undefined;
  readonly #instance = randomUUID();
  readonly #since = Date.now();
  #hasJoined: () => void = () => {};

  /** @param options.folder - Relative paths of the options begin there. */
  constructor(options: FleetOptions, { folder, log }: { folder: string; log: Log }) {
    this.#options = options;
    this.#folder = folder;
    this.#log = log;
    this.#denials = new Denials((sentence) => log.warn(sentence));
    this.#once = new ToldOnce((sentence) => log.warn(sentence));
    this.name = { fleet: options.fleet ?? DEFAULT_FLEET, member: options.name };
    this.joined = new Promise((resolve) => {
      this.#hasJoined = resolve;
    });
    this.roster = new Roster(options.name, log);
    this.#peers = new FleetPeers(this.roster);
    this.#supervisor = new Supervisor((attempt) => this.#member(attempt), {
      pauses: PAUSES,
      isBackground: true,
      endMs: END_MS,
      onFailure: ({ reason }) => this.#warn(reason),
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
    const faults = [aloneReason(this.roster), this.#denials.sentence, this.#fault, this.#hidden];
    const fault = faults.find((sentence) => sentence !== undefined);
    const lostFor = this.#heardAt === undefined ? null : Math.round((now() - this.#heardAt) / 1000);
    return {
      ...{ fleet, name: member, connected, lostFor: connected ? null : lostFor },
      ...(!connected && reason !== undefined && { reason }),
      ...(connected && fault !== undefined && { reason: fault }),
      members: this.roster.present.map(({ name, url, login = false, clock }) => ({
        name,
        url,
        login,
        ...(clock && { clock: offsetIn(clock) }),
      })),
      silent: this.roster.silent,
      clock: fleetClock.offset ? { ...fleetClock.offset } : null,
    };
  }

  /** Takes part, as the server that listens now. */
  join(server: JoiningServer): void {
    this.#server = server;
    server.host.others.peers = this.#peers;
    server.host.others.member = `${this.name.fleet}/${this.name.member}`;
    if (this.#options.url !== undefined)
      server.access.allowHost(new URL(this.#options.url).hostname);
    this.roster.onMembers(() => server.access.allowOrigins(originsOf(this.roster)));
    this.#supervisor.start();
  }

  async close(): Promise<void> {
    const goodbyes = [...(this.#server?.host.others.beforeLeaving ?? [])].map((say) => say());
    await within(Promise.allSettled(goodbyes), GOODBYE_MS, tooLong).catch((error) =>
      this.#log.warn(messageOf(error)),
    );
    await this.#supervisor.close();
    this.roster.close();
  }

  async #member(attempt: Attempt): Promise<void> {
    const library = nats();
    const connection = await connectTo(library, this.#options, {
      folder: this.#folder,
      client: `thingscope ${this.name.member}`,
    });
    try {
      await this.#take(connection, library, attempt);
    } finally {
      this.roster.pause();
      await endConnection(connection);
    }
  }

  /** Until the connection fails, or `signal` aborts. */
  async #take(connection: NatsConnection, library: Nats, attempt: Attempt): Promise<void> {
    const { signal } = attempt;
    const server = this.#server!;
    const { name, roster } = this;
    const log = this.#log;
    const root = rootOf(server, this.#options.url, connection.info?.client_ip);
    this.#noteReach(root, connection.info?.client_ip);
    const denied = this.#denials.hear(connection, library);
    const end = new AbortController();
    const ending = AbortSignal.any([signal, end.signal]);
    const own = {
      ...{ instance: this.#instance, since: this.#since, url: root, version: packageVersion() },
      ...{ origins: ownOrigins(server), login: server.hasLogin },
    };
    const presence = { connection, name, lease: () => ({ ...own, ...leaseClock() }) };
    const tooLarge = (what: string, most: number) => this.#once.note(what, notTold(what, most));
    const { instance } = own;
    const telling = { connection, library, hub: server.notifications, name, instance, tooLarge };
    const describing = {
      open: () => openOwn(connection, library, name),
      library,
      ...{ name: name.member, things: describedThings(server, root, log), roster, log },
      isClosed: () => connection.isClosed(),
      most: (connection.info?.max_payload ?? 2 ** 20) - HEAD_BYTES,
      onFault: (sentence: string | undefined) => {
        this.#fault = sentence;
        this.#hasJoined();
      },
    };
    const stops: (() => void)[] = [hearLeases(connection, name.fleet, roster)];
    try {
      await claimName(presence, signal);
      stops.push(answerRequests(connection, library, { server, name, root, log }));
      const serving = { connection, library, name, root: root + server.prefix };
      const addresses = [new URL(root).origin, ...own.origins];
      stops.push(serveQueues(server.host, { ...serving, addresses }));
      stops.push(this.#reachOthers(connection, library));
      roster.resume();
      await Promise.race([
        new Promise<never>((_, reject) => stops.push(tellAll(server.host, telling, reject))),
        keepDescribed(describing, ending),
        keepClock(connection, name, roster, ending),
        keepReplicated(connection, library, name.fleet, ending),
        keepPresent(presence, ending, () => this.#renewed(attempt)),
        connectionLost(connection),
        denied.then(() => new Promise<never>(() => {})),
      ]);
      if (signal.aborted) await leave(presence, library);
    } catch (error) {
      if (connection.isClosed()) await connectionLost(connection); // what noticed it first says less
      throw error;
    } finally {
      end.abort();
      for (const stop of stops) stop();
    }
  }

  /** Things of this server can operate those of others now. @returns How to end that. */
  #reachOthers(connection: NatsConnection, library: Nats): () => void {
    const { fleet } = this.name;
    const members = () => this.roster.present;
    this.#peers.requests = new FleetRequests({ connection, library, fleet, members });
    return () => {
      this.#peers.requests = undefined;
    };
  }

  #renewed(attempt: Attempt): void {
    this.#heardAt = now();
    attempt.heartbeat();
  }

  /** A server that listens on its own machine alone is operated by NATS, but its pictures are not seen. */
  #noteReach(root: string, seenAs: string | undefined): void {
    const isHidden = isOwnMachine(new URL(root).hostname) && !isOwnMachine(seenAs ?? "127.0.0.1");
    this.#hidden = isHidden
      ? `Other machines cannot reach this server at ${root}, so they do not see its pictures. Start it with --lan, or set 'url' in 'fleet'.`
      : undefined;
    if (this.#hidden) this.#once.note(this.#hidden, this.#hidden);
  }

  #warn(reason: string): void {
    if (!this.#told.isDue(reason)) return;
    this.#log.warn(`The fleet is not reached: ${asSentence(reason)} Everything local goes on.`);
  }
}

/** One other that is silent has ended, as a rule. When all of several are, it is this machine that was cut off. */
function aloneReason({ present, silent }: Roster): string | undefined {
  if (present.length > 0 || silent.length < 2) return undefined;
  const names = silent.slice(0, 5).join(", ") + (silent.length > 5 ? " and others" : "");
  return `Nothing is heard of any other member (${names}), though a NATS server answers. Check the network between this machine and theirs.`;
}

function isOwnMachine(host: string): boolean {
  return /^(127\.|localhost$|\[?::1\]?$|\[?::ffff:127\.)/.test(host);
}

function notTold(what: string, most: number): string {
  return `What is new of ${what} is not told by NATS, whose messages hold ${most} bytes. Read it over HTTP, or make max_payload of nats-server larger.`;
}

function tooLong(): ThingError {
  return new ThingError(
    "NOT_READY",
    `The other members did not answer within ${GOODBYE_MS / 1000} s, and this server leaves the fleet without. Stop there what still runs for it.`,
  );
}

function offsetIn({ reference, offset_ms, uncertainty_ms }: LeaseClock): ClockOffset {
  return { reference, offsetMs: offset_ms, uncertaintyMs: uncertainty_ms };
}

function leaseClock(): Pick<Lease, "clock"> {
  const { offset } = fleetClock;
  if (!offset) return {};
  const { reference, offsetMs, uncertaintyMs } = offset;
  return { clock: { reference, offset_ms: offsetMs, uncertainty_ms: uncertaintyMs } };
}
