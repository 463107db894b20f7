import type { KV, KvWatchEntry } from "@nats-io/kv";
import { delay, ignoreAbort } from "../../base/abort.ts";
import { now } from "../../base/clock.ts";
import { asSentence, messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { type OwnBucket, REWRITTEN_MS, untilReplaced } from "./buckets.ts";
import { RENEWED_MS } from "./lease.ts";
import type { Nats } from "./library.ts";
import { namesIn } from "./member-entries.ts";
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
  readonly open: () => Promise<OwnBucket>;
  readonly library: Nats;
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
      const own = await describing.open();
      await Promise.race([
        keepWritten(own, describing, either, (why) => fault(why && notKept(why))),
        watchThings(own.bucket, describing.roster, describing.library, either),
      ]);
    } catch (error) {
      if (!signal.aborted && !describing.isClosed()) fault(notKept(messageOf(error)));
    } finally {
      end.abort();
    }
    await delay(RENEWED_MS, signal).catch(ignoreAbort);
  }
}

/**
 * Tells a roster what the bucket holds, and each change, until `signal` aborts, or it is not that bucket any more: open it again then.
 * @throws whatever NATS throws when it cannot be followed any more.
 */
export async function watchThings(
  bucket: KV,
  roster: Roster,
  library: Nats,
  signal: AbortSignal,
): Promise<void> {
  const { created } = (await bucket.status()).streamInfo;
  const end = new AbortController();
  const either = AbortSignal.any([signal, end.signal]);
  const entries = await bucket.watch();
  const stop = () => entries.stop();
  either.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    const replaced = untilReplaced(bucket, created, library, either);
    await Promise.race([replaced, followEntries(bucket, entries, roster, either)]);
  } finally {
    end.abort();
  }
}

async function followEntries(
  bucket: KV,
  entries: AsyncIterable<KvWatchEntry>,
  roster: Roster,
  signal: AbortSignal,
): Promise<void> {
  const keys = new Set<string>();
  for await (const key of await bucket.keys()) keys.add(key);
  roster.retain(keys); // what has gone while nobody watched
  for await (const entry of entries) {
    const names = namesIn(entry.key);
    const isThere = entry.operation === "PUT";
    const text = names && isThere ? await textIn(entry.value) : undefined;
    if (!names) roster.refused.note(entry.key, "description", "no member writes under that key");
    else if (text !== undefined) roster.described(...names, text);
    else if (isThere) roster.refused.note(names[0], "description", "it cannot be unpacked");
    else roster.removed(...names);
  }
  if (!signal.aborted) throw new Error("NATS does not tell of the fleet's changes any more.");
}

function notKept(why: string): string {
  return `JetStream does not keep the fleet's descriptions: ${asSentence(why)}`;
}

/**
 * What has changed is written within three seconds, however often it changes.
 * @param onWritten - Told why not all was, or undefined.
 */
async function keepWritten(
  { bucket, stuck, remove }: OwnBucket,
  { name, things, log, most, library, isClosed }: Describing,
  signal: AbortSignal,
  onWritten: (why: string | undefined) => void,
): Promise<void> {
  const written = new WrittenThings(bucket, { name, log, most, library, isClosed, stuck });
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
        const why = await written.write(await things.describe());
        isStale ||= why !== undefined;
        onWritten(why);
      }
      await delay(RENEWED_MS, signal).catch(ignoreAbort);
      if (!(await stuck.look())) continue;
      await remove();
      log.warn(MADE_AGAIN);
      return;
    }
  } finally {
    stop();
  }
}

const MADE_AGAIN =
  "JetStream has stored no description though its disk has room: the fleet's bucket is made again there, and all members write theirs once more.";
