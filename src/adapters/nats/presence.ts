import { delay, ignoreAbort } from "../../base/abort.ts";
import { now } from "../../base/clock.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { type Buckets, REWRITTEN_MS } from "./buckets.ts";
import { type Lease, leaseIn, RENEWED_MS } from "./lease.ts";

/** Between two renewals, however many ask, ms. */
const APART_MS = 200;

/** A server's Things, as it describes them to the fleet. */
export interface OwnThings {
  /** Descriptions by the name of the Thing. */
  describe(): Promise<ReadonlyMap<string, string>>;
  /** Calls `listener` whenever `describe` may give something else. @returns How to stop. */
  onChange(listener: () => void): () => void;
}

/** A server, as it is present in a fleet. */
export interface Presence {
  readonly name: string;
  readonly lease: Lease;
  readonly things: OwnThings;
  /** Calls `listener` when somebody has come who asks who is there. @returns How to stop. */
  onRollCall(listener: () => void): () => void;
  readonly log: Log;
}

/**
 * Keeps a server's lease and its descriptions in the fleet's buckets until `signal` aborts. What has changed is written with
 * the next renewal, however often it changes.
 * @param onRenewed - Called after each renewal.
 * @throws whatever NATS throws.
 */
export async function keepPresent(
  buckets: Buckets,
  { name, lease, things, onRollCall, log }: Presence,
  signal: AbortSignal,
  onRenewed: () => void,
): Promise<void> {
  const written = new WrittenThings(buckets, name, log);
  let isStale = true;
  let answerNow = () => {};
  const stops = [
    things.onChange(() => {
      isStale = true;
    }),
    onRollCall(() => answerNow()),
  ];
  try {
    for (let rewritten = now(); !signal.aborted; ) {
      await buckets.members.put(name, JSON.stringify(lease));
      onRenewed();
      if (now() - rewritten > REWRITTEN_MS) {
        written.forget();
        rewritten = now();
        isStale = true;
      }
      if (isStale) {
        isStale = false;
        if (!(await written.write(await things.describe()))) isStale = true;
      }
      const asked = new Promise<void>((resolve) => {
        answerNow = resolve;
      });
      await delay(APART_MS, signal).catch(ignoreAbort);
      await untilDue(asked, signal);
    }
  } finally {
    for (const stop of stops) stop();
  }
}

/** Until the next renewal is due, or somebody asks for it. */
async function untilDue(asked: Promise<void>, signal: AbortSignal): Promise<void> {
  const answered = new AbortController();
  const either = AbortSignal.any([signal, answered.signal]);
  void asked.then(() => answered.abort());
  await delay(RENEWED_MS - APART_MS, either).catch(ignoreAbort);
}

/** @throws {ThingError} `PROGRAM_REFUSED` when another server has the name. */
export async function assertFree(
  { members }: Buckets,
  { name, lease: { id } }: Presence,
): Promise<void> {
  const entry = await members.get(name);
  const other = entry?.operation === "PUT" ? leaseIn(entry.string()) : undefined;
  if (!other || other.id === id) return;
  throw new ThingError(
    "PROGRAM_REFUSED",
    `The fleet already has a server '${name}', at ${other.url}. Give this one another 'name' in 'fleet'.`,
  );
}

/** Says at once that the server has left. */
export async function leave({ members }: Buckets, name: string): Promise<void> {
  await members.delete(name);
}

/** The descriptions that a bucket has of this server. */
class WrittenThings {
  readonly #buckets: Buckets;
  readonly #name: string;
  readonly #log: Log;
  #known = new Map<string, string>();
  /** Those that were not taken, of which the log has told. */
  readonly #refused = new Map<string, string>();

  constructor(buckets: Buckets, name: string, log: Log) {
    this.#buckets = buckets;
    this.#name = name;
    this.#log = log;
  }

  /** All are written again. */
  forget(): void {
    this.#known = new Map();
  }

  /**
   * Writes what is new, and removes what has gone, also what an earlier process has left there.
   * @returns Whether all was taken.
   */
  async write(descriptions: ReadonlyMap<string, string>): Promise<boolean> {
    const { things } = this.#buckets;
    let isWhole = true;
    for (const [thing, text] of descriptions) {
      if (this.#known.get(thing) === text) continue;
      try {
        await things.put(this.#key(thing), text);
        this.#known.set(thing, text);
      } catch (error) {
        isWhole = false;
        this.#refuse(thing, text, error);
      }
    }
    for await (const key of await things.keys(`${this.#name}.*`)) {
      if (!descriptions.has(key.slice(this.#name.length + 1))) await things.delete(key);
    }
    for (const map of [this.#known, this.#refused])
      for (const thing of map.keys()) if (!descriptions.has(thing)) map.delete(thing);
    return isWhole;
  }

  #refuse(thing: string, text: string, error: unknown): void {
    if (this.#refused.get(thing) === text) return;
    this.#refused.set(thing, text);
    this.#log.warn(
      `NATS does not take the description of '${thing}' (${text.length} characters): ${messageOf(error)}. Others do not list it until it does: check max_payload and the disk of JetStream.`,
    );
  }

  #key(thing: string): string {
    return `${this.#name}.${thing}`;
  }
}
