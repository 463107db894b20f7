import type { NatsConnection } from "@nats-io/transport-node";
import { delay, ignoreAbort } from "../../../base/abort.ts";
import type { ThingHost } from "../../../core/thing-host.ts";
import type { Nats } from "../library.ts";
import type { MemberName } from "../subjects.ts";
import type { QueueWork } from "./queue-work.ts";
import { whyRefused } from "./refusals.ts";
import { serveQueue } from "./serve-queue.ts";
import { WorkQueue } from "./work-queue.ts";

/** What the queues of a server are served by. */
interface Serving {
  readonly connection: NatsConnection;
  readonly library: Nats;
  readonly name: MemberName;
  /** Where this server begins for other machines, with the prefix of its paths. */
  readonly root: string;
  /** All origins at which it is reached, as its lease has them. */
  readonly addresses: readonly string[];
}

const RETRY_MS = 2000;

/**
 * Serves all work queues of a host by one connection, those that open later, too. A queue that JetStream does not take is tried
 * again, and does not affect the others.
 * @returns How to stop.
 */
export function serveQueues(host: ThingHost, serving: Serving): () => void {
  const served = new Map<QueueWork, () => void>();
  const look = () => {
    const there = new Set<QueueWork>();
    for (const { thing } of host.things.values()) {
      if (!(thing instanceof WorkQueue) || !thing.work) continue;
      there.add(thing.work);
      if (!served.has(thing.work)) served.set(thing.work, serveOne(thing, thing.work, serving));
    }
    for (const [work, end] of served) {
      if (there.has(work)) continue;
      end();
      served.delete(work);
    }
  };
  look();
  const stop = host.onState(look);
  return () => {
    stop();
    for (const end of served.values()) end();
  };
}

/** @returns How to end that. */
function serveOne(thing: WorkQueue, work: QueueWork, serving: Serving): () => void {
  const end = new AbortController();
  const { signal } = end;
  const onTrouble = (why: string | undefined) => {
    if (signal.aborted) return;
    work.trouble = why;
    thing.noteTrouble(why);
  };
  const { name: queue, lookMs, silenceMs, log } = thing;
  const served = { ...serving, queue, work, lookMs, silenceMs, log, onTrouble };
  const serve = async () => {
    while (!signal.aborted) {
      try {
        await serveQueue(served, signal);
      } catch (error) {
        onTrouble(whyRefused(error, serving.library));
        await delay(RETRY_MS, signal).catch(ignoreAbort);
      }
    }
  };
  void serve();
  return () => {
    onTrouble("the connection to NATS has ended");
    end.abort();
  };
}
