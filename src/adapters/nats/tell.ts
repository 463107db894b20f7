import type { NatsConnection } from "@nats-io/transport-node";
import { countedLimit } from "../../base/limit-hits.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import type { ThingHost } from "../../core/thing-host.ts";
import type { NotificationLogs } from "../../server/notifications/notification-log.ts";
import { type Due, NotificationReader } from "../../server/notifications/notification-reader.ts";
import type { NotificationHub } from "../../server/notifications/thing-notifications.ts";
import { LEFT } from "./lease.ts";
import type { Nats } from "./library.ts";
import { closedSubject, type MemberName, tellSubject } from "./subjects.ts";

/** Messages of a Thing that are sent before NATS is asked whether it has taken them: so many are in memory at most. */
const MOST_AT_ONCE = 64;
/** End of the names of events that tell each frame of a stream: too many to tell unasked. */
const NEW_FRAME = /_new_frame$/;

const missedLimit = countedLimit("fleet_notifications");
const sizeLimit = countedLimit("fleet_notification_bytes");
/** Bytes of a message's head beside its body. */
const HEAD_BYTES = 1024;

/** Where a member tells what happens. */
interface Telling {
  readonly connection: NatsConnection;
  readonly library: Nats;
  readonly hub: NotificationHub;
  readonly name: MemberName;
  /** Of this process, as its lease has it. */
  readonly instance: string;
  /** Told what does not fit into a message, and how many bytes do. */
  readonly tooLarge: (what: string, most: number) => void;
}

/**
 * Publishes the new values of observable properties, and the events, of all Things of a host, but not each new frame. What
 * NATS does not take yet is held as for any slow reader; what is dropped from there is counted.
 * @param onFault - Called when publishing has failed, which ends it.
 * @returns How to stop.
 */
export function tellAll(
  host: ThingHost,
  telling: Telling,
  onFault: (error: unknown) => void,
): () => void {
  const told = new Map<HostedThing, AbortController>();
  const tell = async (hosted: HostedThing) => {
    const gone = new AbortController();
    told.set(hosted, gone);
    const stop = hosted.departure.onLeft(() => {
      tellClosed(hosted.name, telling);
      gone.abort();
    });
    try {
      await tellThing(hosted, telling, gone.signal);
    } catch (error) {
      if (!gone.signal.aborted) onFault(error);
    } finally {
      stop();
      told.delete(hosted);
    }
  };
  const tellNew = () => {
    for (const hosted of host.things.values()) if (!told.has(hosted)) void tell(hosted);
  };
  tellNew();
  const stop = host.onState(tellNew);
  return () => {
    stop();
    for (const end of told.values()) end.abort();
  };
}

async function tellThing(
  hosted: HostedThing,
  telling: Telling,
  signal: AbortSignal,
): Promise<void> {
  const notifications = telling.hub.of(hosted);
  const reader = new NotificationReader<"properties" | "events">("view");
  const { present } = notifications;
  reader.followAll(notifications.allProperties(), present, "properties");
  reader.followAll(withoutFrames(notifications.allEvents("view")), present, "events");
  try {
    for (let sent = 1; ; sent += 1) {
      const due = await reader.nextToCome(signal);
      if (due.missed > 0) missedLimit.hit(due.missed);
      publish(hosted.name, telling, due);
      if (sent % MOST_AT_ONCE === 0) await telling.connection.flush();
    }
  } finally {
    reader.leaveAll();
  }
}

/** All but the new frames of streams, which are not told by NATS. */
export function withoutFrames({ all, ...more }: NotificationLogs): NotificationLogs {
  return { all: () => [...all()].filter(({ name }) => !NEW_FRAME.test(name)), ...more };
}

/** Who observes a Thing by NATS has no connection that ends with it. */
function tellClosed(thing: string, { connection, library, name, instance }: Telling): void {
  if (connection.isClosed()) return;
  const headers = library.headers();
  headers.set(LEFT, instance);
  connection.publish(closedSubject(name, thing), "", { headers });
}

function publish(
  thing: string,
  { connection, library, name: member, tooLarge }: Telling,
  { notification, about: kind }: Due<"properties" | "events">,
): void {
  const { id, name, data, problem } = notification;
  const headers = library.headers();
  headers.set("Id", id);
  if (problem) headers.set("Status", String(problem.status));
  const body = Buffer.from(problem ? JSON.stringify(problem) : (data ?? ""));
  const most = (connection.info?.max_payload ?? 2 ** 20) - HEAD_BYTES;
  if (body.length > most) {
    sizeLimit.hit();
    tooLarge(`${kind}.${name} of '${thing}'`, most);
    return;
  }
  connection.publish(tellSubject(member, thing, kind, name), body, { headers });
}
