import type { NatsConnection } from "@nats-io/transport-node";
import { delay, ignoreAbort } from "../../base/abort.ts";
import { ThingError } from "../../base/errors.ts";
import { countedLimit } from "../../base/limit-hits.ts";
import { LEFT, type Lease, leaseIn, RENEWED_MS } from "./lease.ts";
import type { Nats } from "./library.ts";
import { leaseSubject, type MemberName, rollCallSubject } from "./subjects.ts";

/** Between two renewals, however many ask, ms. */
const APART_MS = 200;
/** How long a server that has the name already may take to say so, ms. One that takes longer is heard later. */
const CLAIM_MS = 400;

const taken = countedLimit("fleet_names_taken");

/** A server, as it is present in a fleet. */
export interface Presence {
  readonly connection: NatsConnection;
  readonly name: MemberName;
  /** What it says of itself now. */
  lease(): Lease;
}

/** @throws {ThingError} `PROGRAM_REFUSED` when another server has the name. */
export async function claimName(presence: Presence, signal: AbortSignal): Promise<void> {
  const { connection, name } = presence;
  const others = hearOthers(presence);
  try {
    connection.publish(rollCallSubject(name.fleet));
    await Promise.race([delay(CLAIM_MS, signal), others.elder]);
  } finally {
    others.stop();
  }
}

/**
 * Renews a server's lease until `signal` aborts: in time, and when somebody asks who is there.
 * @param onRenewed - Called after each renewal.
 * @throws {ThingError} `PROGRAM_REFUSED` when another server with its name was there before it.
 * @throws whatever NATS throws.
 */
export async function keepPresent(
  presence: Presence,
  signal: AbortSignal,
  onRenewed: () => void,
): Promise<void> {
  const { connection, name, lease } = presence;
  let answerNow = () => {};
  const rollCall = connection.subscribe(rollCallSubject(name.fleet), {
    callback: () => answerNow(),
  });
  const others = hearOthers(presence);
  const renew = async () => {
    while (!signal.aborted) {
      const asked = new Promise<void>((resolve) => {
        answerNow = resolve;
      });
      connection.publish(leaseSubject(name), JSON.stringify(lease()));
      await connection.flush();
      onRenewed();
      await delay(APART_MS, signal).catch(ignoreAbort);
      await untilDue(asked, signal);
    }
  };
  try {
    await Promise.race([renew(), others.elder]);
  } finally {
    rollCall.unsubscribe();
    others.stop();
  }
}

/** Says at once that the server has left. */
export async function leave({ connection, name, lease }: Presence, library: Nats): Promise<void> {
  const headers = library.headers();
  headers.set(LEFT, lease().instance);
  connection.publish(leaseSubject(name), "", { headers });
  await connection.flush();
}

/** Until the next renewal is due, or somebody asks for it. */
async function untilDue(asked: Promise<void>, signal: AbortSignal): Promise<void> {
  const answered = new AbortController();
  const either = AbortSignal.any([signal, answered.signal]);
  void asked.then(() => answered.abort());
  await delay(RENEWED_MS - APART_MS, either).catch(ignoreAbort);
}

/** Listens for servers with the same name: of two, the one that joined later gives way. */
function hearOthers({ connection, name, lease }: Presence): {
  /** Rejects when there is one that joined before. */
  readonly elder: Promise<never>;
  stop(): void;
} {
  let stop = () => {};
  const elder = new Promise<never>((_, reject) => {
    const subscription = connection.subscribe(leaseSubject(name), {
      callback(error, message) {
        const other = error ? undefined : leaseIn(message.string());
        if (other && isElder(other, lease())) reject(nameTaken(name, other));
      },
    });
    stop = () => subscription.unsubscribe();
  });
  elder.catch(() => {}); // also where nobody waits for it any more
  return { elder, stop: () => stop() };
}

function isElder(other: Lease, own: Lease): boolean {
  if (other.instance === own.instance) return false;
  return other.since === own.since ? other.instance < own.instance : other.since < own.since;
}

function nameTaken({ member }: MemberName, { url }: Lease): ThingError {
  taken.hit();
  return new ThingError(
    "PROGRAM_REFUSED",
    `The fleet already has a server '${member}', at ${url}. Give this one another 'name' in 'fleet'.`,
  );
}
