import type { KV } from "@nats-io/kv";
import { delay, ignoreAbort } from "../../base/abort.ts";
import { now } from "../../base/clock.ts";
import { asSentence, messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { REWRITTEN_MS } from "./buckets.ts";
import { RENEWED_MS } from "./lease.ts";
import { textIn } from "./packed.ts";
import type { Roster } from "./roster.ts";
import { WrittenThings } from "./written-things.ts";

/** A server's Things, as it describes them to the fleet. */
export interface OwnThings {
  /** Descriptions by the name of the Thing. */
  describe(): Promise<ReadonlyMap<string, string>>;
  /** Calls `listener` whenever `describe` may give something else. @returns How to stop. */
  onChange(listener: () => void): () => void;
}

interface Describing {
  /** Opens the bucket of descriptions. */
  readonly open: () => Promise<KV>;
  readonly name: string;
  readonly things: OwnThings;
  readonly roster: Roster;
  readonly log: Log;
  /** Bytes that a message of NATS holds. */
  readonly most: number;
  /** Whether the connection has ended, which is no fault of JetStream. */
  readonly isClosed: () => boolean;
  /** Called when the bucket cannot be used, with the sentence, and with undefined when it can again. */
  onFault(sentence: string | undefined): void;
}

/**
 * Keeps a server's descriptions in the fleet's bucket, and a roster's as the bucket has them, until `signal` aborts. JetStream may fail
 * while NATS goes on: everything else does, too, and the bucket is tried again.
 */
export async function keepDescribed(describing: Describing, signal: AbortSignal): Promise<void> {
  let told: string | undefined;
  const fault = (sentence: string | undefined) => {
    describing.onFault(sentence);
    if (sentence !== undefined && sentence !== told)
      describing.log.warn(`${sentence} Requests by NATS are answered, and it is tried again.`);
    told = sentence;
  };
  while (!signal.aborted) {
    const end = new AbortController();
    const either = AbortSignal.any([signal, end.signal]);
    try {
      const bucket = await describing.open();
      await Promise.race([
        keepWritten(bucket, describing, either, () => fault(undefined)),
        watchThings(bucket, describing.roster, either),
      ]);
    } catch (error) {
      if (!signal.aborted && !describing.isClosed())
        fault(`JetStream does not keep the fleet's descriptions: ${asSentence(messageOf(error))}`);
    } finally {
      end.abort();
    }
    await delay(RENEWED_MS, signal).catch(ignoreAbort);
  }
}

/**
 * Tells a roster what the bucket holds, and each change, until `signal` aborts.
 * @throws whatever NATS throws when it cannot be followed any more.
 */
export async function watchThings(bucket: KV, roster: Roster, signal: AbortSignal): Promise<void> {
  const entries = await bucket.watch();
  const stop = () => entries.stop();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const keys = new Set<string>();
  for await (const key of await bucket.keys()) keys.add(key);
  roster.retain(keys); // what has gone while nobody watched
  for await (const entry of entries) {
    const [member = "", thing = ""] = entry.key.split(".");
    const text = entry.operation === "PUT" ? await textIn(entry.value) : undefined;
    if (text !== undefined) roster.described(member, thing, text);
    else roster.removed(member, thing);
  }
  if (!signal.aborted) throw new Error("NATS does not tell of the fleet's changes any more.");
}

/** What has changed is written within three seconds, however often it changes. */
async function keepWritten(
  bucket: KV,
  { name, things, log, most, isClosed }: Describing,
  signal: AbortSignal,
  onWritten: () => void,
): Promise<void> {
  const written = new WrittenThings(bucket, { name, log, most, isClosed });
  let isStale = true;
  const stop = things.onChange(() => {
    isStale = true;
  });
  try {
    for (let rewritten = now(); !signal.aborted; ) {
      if (now() - rewritten > REWRITTEN_MS) {
        written.forget();
        rewritten = now();
        isStale = true;
      }
      if (isStale) {
        isStale = false;
        if (!(await written.write(await things.describe()))) isStale = true;
        onWritten();
      }
      await delay(RENEWED_MS, signal).catch(ignoreAbort);
    }
  } finally {
    stop();
  }
}
