import type { KV, KvWatchOptions } from "@nats-io/kv";
import type { Buckets } from "./buckets.ts";
import type { Roster } from "./roster.ts";

/**
 * Tells a roster what the fleet's buckets hold, and each change, until `signal` aborts.
 * @param onWatching - Called when renewals are heard.
 * @throws whatever NATS throws when it cannot be followed any more.
 */
export async function watchBuckets(
  { members, things }: Buckets,
  roster: Roster,
  signal: AbortSignal,
  onWatching: () => void,
): Promise<void> {
  await Promise.all([
    // What was written before says nothing of who is there now.
    watch(members, { include: "updates" }, signal, {
      onWatching,
      onEntry: (key, value) =>
        value === undefined ? roster.left(key) : roster.renewed(key, value),
    }),
    watch(things, {}, signal, {
      onEntry(key, value) {
        const [member = "", thing = ""] = key.split(".");
        if (value === undefined) roster.removed(member, thing);
        else roster.described(member, thing, value);
      },
    }),
  ]);
}

async function watch(
  bucket: KV,
  options: KvWatchOptions,
  signal: AbortSignal,
  listener: {
    readonly onWatching?: () => void;
    onEntry(key: string, value: string | undefined): void;
  },
): Promise<void> {
  const entries = await bucket.watch(options);
  listener.onWatching?.();
  const stop = () => entries.stop();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  for await (const entry of entries) {
    listener.onEntry(entry.key, entry.operation === "PUT" ? entry.string() : undefined);
  }
  if (!signal.aborted) throw new Error("NATS does not tell of the fleet's changes any more.");
}
