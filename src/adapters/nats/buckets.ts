import type { KV } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { delay, ignoreAbort } from "../../base/abort.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import { isNoRoom, RAISE } from "./jetstream-room.ts";
import type { Nats } from "./library.ts";
import { REPLICAS, REPLICATED_MS, Replicas } from "./replicas.ts";
import { isUnanswered, StuckStream } from "./stuck-stream.ts";
import { type MemberName, trialSubject } from "./subjects.ts";

/** Descriptions of members that are long gone are dropped after so long, ms; members write theirs again before. */
const KEPT_MS = 24 * 3600 * 1000;
/** Members write their descriptions again so often, ms. */
export const REWRITTEN_MS = KEPT_MS / 4;
/** Bytes that all descriptions of a fleet take at most, which JetStream reserves: those of some 2000 Things. */
const MOST_BYTES = 64 * 2 ** 20;
/** Who reads a bucket looks so often whether it is still the same, ms: NATS does not tell that it was made again. */
const SAME_MS = 10_000;
const NO_STREAM = 10059;

const ALLOW = "Start nats-server with JetStream (-js), and allow it to this login and its account.";
/** A cluster of nats-server 2.15 whose disks were full answers nothing more, also with room. */
const MAKE_ROOM =
  "JetStream does not answer, as when its disks were full: make room there, and start the NATS servers again, one after another.";

/**
 * The bucket of a fleet's descriptions, by member and Thing (`MEMBER.THING`), as its members have made it.
 * @throws {ThingError} `PROGRAM_REFUSED` where there is none.
 */
export async function findThings(
  connection: NatsConnection,
  library: Nats,
  fleet: string,
): Promise<KV> {
  try {
    const bucket = await new library.Kvm(connection).open(thingsOf(fleet));
    await bucket.status();
    return bucket;
  } catch (error) {
    throw new ThingError(
      "PROGRAM_REFUSED",
      `NATS has no fleet '${fleet}' for this login: ${messageOf(error)}. Start a server that belongs to it first.`,
      { cause: error },
    );
  }
}

/**
 * Opens that bucket, and makes it if it is not there: with three replicas where the servers are a cluster.
 * @throws {ThingError} `PROGRAM_REFUSED` where NATS has no JetStream, or refuses.
 */
export async function openThings(
  connection: NatsConnection,
  library: Nats,
  fleet: string,
): Promise<KV> {
  const manager = new library.Kvm(connection);
  const options = { ttl: KEPT_MS, history: 1, max_bytes: MOST_BYTES };
  const name = thingsOf(fleet);
  try {
    const bucket = await manager
      .create(name, { ...options, replicas: REPLICAS })
      .catch(() => manager.create(name, options)); // a single server has no replicas
    const { streamInfo } = await bucket.status();
    await new Replicas(await library.jetstreamManager(connection)).look(streamInfo);
    return bucket;
  } catch (error) {
    const advice = adviceOn(error, library);
    throw new ThingError(
      "PROGRAM_REFUSED",
      `NATS did not open the fleet's bucket: ${messageOf(error)}. ${advice}`,
      { cause: error },
    );
  }
}

/**
 * Gives that bucket its three replicas as soon as so many servers of the cluster run, until `signal` aborts. What keeps JetStream from
 * that is told by whoever writes there.
 */
export async function keepReplicated(
  connection: NatsConnection,
  library: Nats,
  fleet: string,
  signal: AbortSignal,
): Promise<void> {
  const manager = await library.jetstreamManager(connection, { checkAPI: false });
  const replicas = new Replicas(manager);
  while (!signal.aborted) {
    await delay(REPLICATED_MS, signal).catch(ignoreAbort);
    const stream = await manager.streams.info(`KV_${thingsOf(fleet)}`).catch(() => undefined);
    if (stream) await replicas.look(stream); // it may be gone, or JetStream may not answer
  }
}

/** A bucket, and what notices that it stores nothing any more. */
export interface OwnBucket {
  readonly bucket: KV;
  readonly stuck: StuckStream;
  /** Makes it another one, unless somebody has: all members write their descriptions again then. */
  remove(): Promise<void>;
}

/** Opens the bucket as `openThings` does, for a member that writes into it. */
export async function openOwn(
  connection: NatsConnection,
  library: Nats,
  name: MemberName,
): Promise<OwnBucket> {
  const bucket = await openThings(connection, library, name.fleet);
  const manager = await library.jetstreamManager(connection, { checkAPI: false });
  const { created, config } = (await bucket.status()).streamInfo;
  const stream = config.name;
  const trial = { name: `${stream}~room~${name.member}`, subject: trialSubject(name) };
  const js = library.jetstream(connection);
  return {
    bucket,
    stuck: new StuckStream({ js, manager, library, stream, trial }),
    async remove() {
      if ((await manager.streams.info(stream)).created === created)
        await manager.streams.delete(stream);
    },
  };
}

/** Resolves when a bucket has gone, or was made again: its readers would wait for ever. Until `signal` aborts at the latest. */
export async function untilReplaced(
  bucket: KV,
  created: string,
  { JetStreamApiError }: Nats,
  signal: AbortSignal,
): Promise<void> {
  for (let last = created; last === created && !signal.aborted; ) {
    await delay(SAME_MS, signal).catch(ignoreAbort);
    last = await bucket.status().then(
      ({ streamInfo }) => streamInfo.created,
      // any other says that JetStream does not answer now
      (error) => (error instanceof JetStreamApiError && error.code === NO_STREAM ? "" : created),
    );
  }
}

function adviceOn(error: unknown, library: Nats): string {
  if (isUnanswered(error, library)) return MAKE_ROOM;
  return isNoRoom(error) ? `It reserves ${MOST_BYTES / 2 ** 20} MiB. ${RAISE}` : ALLOW;
}

function thingsOf(fleet: string): string {
  return `thingscope_${fleet}_things`;
}
