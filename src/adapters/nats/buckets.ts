import type { KV } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { messageOf, ThingError } from "../../base/errors.ts";
import { GONE_MS } from "./lease.ts";
import type { Nats } from "./library.ts";

/** Replicas in a cluster: one server of three may be lost. */
const REPLICAS = 3;
/** Descriptions of members that are long gone are dropped after so long, ms; members write theirs again before. */
const KEPT_MS = 24 * 3600 * 1000;
/** Members write their descriptions again so often, ms. */
export const REWRITTEN_MS = KEPT_MS / 4;
/** Bytes that all descriptions of a fleet take at most, which JetStream reserves: those of some 2000 Things. */
const MOST_BYTES = 64 * 2 ** 20;

/** What a fleet keeps in JetStream. */
export interface Buckets {
  /** The leases, by member. */
  readonly members: KV;
  /** The descriptions, by member and Thing: `MEMBER.THING`. */
  readonly things: KV;
}

/**
 * The fleet's two buckets, as its members have made them.
 * @throws {ThingError} `PROGRAM_REFUSED` where there are none.
 */
export async function findBuckets(
  connection: NatsConnection,
  library: Nats,
  fleet: string,
): Promise<Buckets> {
  const manager = new library.Kvm(connection);
  const find = async (name: string) => {
    const bucket = await manager.open(name);
    await bucket.status();
    return bucket;
  };
  try {
    return { members: await find(membersOf(fleet)), things: await find(thingsOf(fleet)) };
  } catch (error) {
    throw new ThingError(
      "PROGRAM_REFUSED",
      `NATS has no fleet '${fleet}' for this login: ${messageOf(error)}. Start a server that belongs to it first.`,
      { cause: error },
    );
  }
}

function membersOf(fleet: string): string {
  return `thingscope_${fleet}_members`;
}

function thingsOf(fleet: string): string {
  return `thingscope_${fleet}_things`;
}

/**
 * Opens the fleet's two buckets, and makes those that are not there: with three replicas where the servers are a cluster.
 * @throws {ThingError} `PROGRAM_REFUSED` where NATS has no JetStream, or refuses.
 */
export async function openBuckets(
  connection: NatsConnection,
  library: Nats,
  fleet: string,
): Promise<Buckets> {
  const manager = new library.Kvm(connection);
  const open = async (name: string, options: Parameters<typeof manager.create>[1]) =>
    manager
      .create(name, { ...options, replicas: REPLICAS })
      .catch(() => manager.create(name, options)); // a single server has no replicas
  try {
    return {
      members: await open(membersOf(fleet), { ttl: 2 * GONE_MS, history: 1 }),
      things: await open(thingsOf(fleet), {
        ttl: KEPT_MS,
        history: 1,
        max_bytes: MOST_BYTES,
      }),
    };
  } catch (error) {
    throw new ThingError(
      "PROGRAM_REFUSED",
      `NATS did not open the fleet's buckets: ${messageOf(error)}. Start nats-server with JetStream (-js), and allow this login to use it.`,
      { cause: error },
    );
  }
}
