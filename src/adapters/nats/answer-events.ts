import { messageOf } from "../../server/http/sse.ts";
import { assertId } from "../../server/notifications/longpoll.ts";
import { cursorAfter, idOf } from "../../server/notifications/notification-ids.ts";
import type { NotificationLogs } from "../../server/notifications/notification-log.ts";
import { NotificationReader } from "../../server/notifications/notification-reader.ts";
import { sourcesOf, sourcesOfAll } from "../../server/notifications/sources.ts";
import type { JoiningServer } from "../../server/server-options.ts";
import { type MemberName, tellSubject, tellSubjects } from "./subjects.ts";
import { withoutFrames } from "./tell.ts";

const ROLE = "view";

/** Headers of an answer that says where something is told: its subject, and the id that all to come have theirs behind. */
export const TOLD_ON = "tell";
export const TOLD_UP_TO = "id";

interface Asked {
  readonly path: string;
  /** The last id that the client was told. */
  readonly after: string | undefined;
  /** Bytes of an answer. */
  readonly most: number;
}

/**
 * What a client is answered that asks for server-sent events by NATS: the subject on which the member tells them, and what was told
 * after the last id that the client knows. Undefined where nothing is told by NATS.
 * @throws {ThingError} `BAD_ARGUMENT` for an id that is none.
 */
export function answerEvents(
  server: JoiningServer,
  name: MemberName,
  { path, after, most }: Asked,
): { headers: Record<string, string>; body: Buffer } | undefined {
  const { host, prefix, notifications: hub } = server;
  const [thing = ""] = path.slice(prefix.length + 1).split("/");
  const hosted = host.things.get(thing);
  if (!hosted) return undefined;
  const notifications = hub.of(hosted);
  const base = `${prefix}/${thing}`;
  const { properties, events } = sourcesOf(hosted, base, notifications);
  const all = sourcesOfAll(hosted, base, notifications);
  const source = [...properties, ...events, ...all].find((one) => one.path === path);
  if (!source || source.role !== ROLE) return undefined;
  const { kind, affordance } = source.place;
  const ofAll = source.op[0] === "observeallproperties" ? "properties" : "events";
  const subject =
    kind === "thing" || affordance === undefined
      ? tellSubjects(name, thing, ofAll)
      : tellSubject(name, thing, kind === "properties" ? "properties" : "events", affordance);
  const { present } = notifications;
  const told = after === undefined ? "" : toldAfter(after, present, source.logs(ROLE), most);
  return {
    headers: {
      "content-type": "text/event-stream",
      [TOLD_ON]: subject,
      [TOLD_UP_TO]: idOf(present),
    },
    body: Buffer.from(told),
  };
}

/** As server-sent events; a gap where they are no longer held, or do not fit. */
function toldAfter(id: string, present: number, logs: NotificationLogs, most: number): string {
  assertId(id);
  const told = withoutFrames(logs);
  const heldSince = Math.max(0, ...told.all().map(({ history }) => history.heldSince));
  const after = cursorAfter(id, present);
  const gap = (since: number) => messageOf("gap", { after: id, heldSince: idOf(since) });
  const reader = new NotificationReader(ROLE);
  reader.followAll(told, Math.max(after, heldSince), undefined);
  try {
    let text = after < heldSince ? gap(heldSince) : "";
    for (let due = reader.next(); due; due = reader.next()) {
      text += due.notification.sse;
      if (Buffer.byteLength(text) > most) return gap(present);
    }
    return text;
  } finally {
    reader.leaveAll();
  }
}
