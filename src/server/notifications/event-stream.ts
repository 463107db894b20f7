import { slowReaders } from "../../base/slow-readers.ts";
import type { Role } from "../../core/affordances.ts";
import { roleOf } from "../http/identity.ts";
import type { Exchange } from "../http/route.ts";
import { messageOf, sendEvents } from "../http/sse.ts";
import { assertId } from "./longpoll.ts";
import { cursorAfter, idOf } from "./notification-ids.ts";
import type { NotificationLogs } from "./notification-log.ts";
import { NotificationReader } from "./notification-reader.ts";
import type { ThingNotifications } from "./thing-notifications.ts";

const RETRY_MS = 1000;
const lateReaders = slowReaders("event_stream", "gap");

/**
 * Answers with server-sent events: what was missed since `Last-Event-ID` (or `?after=`), then everything to come, under
 * the names of the affordances. A reader that falls behind what the logs hold is told so and dropped; one that comes back
 * with an id that is no longer held is told of the gap.
 * @throws {ThingError} `BAD_ARGUMENT`.
 */
export function sendNotifications(
  logs: NotificationLogs,
  notifications: Pick<ThingNotifications, "present" | "counts">,
  exchange: Exchange,
): void {
  const { counts } = notifications;
  const asked = exchange.request.headers["last-event-id"] ?? exchange.query.get("after");
  if (asked !== null) assertId(String(asked));
  sendEvents(
    exchange,
    counts,
    () => {
      const heldSince = Math.max(...logs.all().map(({ history }) => history.heldSince));
      const { present } = notifications; // nothing that is held from now on is missed
      const after = asked === null ? present : cursorAfter(String(asked), present);
      const isGap = after < heldSince;
      if (isGap) {
        counts.gaps += 1;
        lateReaders();
      }
      const gap = { after: asked, heldSince: idOf(heldSince) };
      return messagesIn(
        { logs, role: roleOf(exchange.identity), after: Math.max(after, heldSince) },
        isGap ? messageOf("gap", gap) : "",
      );
    },
    { retryMs: RETRY_MS },
  );
}

/** @param first - What is told before all notifications. */
function messagesIn(
  { logs, role, after }: { logs: NotificationLogs; role: Role; after: number },
  first: string,
) {
  let tell = () => {};
  let told = first;
  const reader = new NotificationReader(role, () => tell());
  return {
    follow(onMore: () => void): () => void {
      tell = onMore;
      reader.followAll(logs, after, undefined);
      return () => reader.leaveAll();
    },
    get isBehind(): boolean {
      return reader.missed > 0;
    },
    next(): string | undefined {
      const text = told || reader.next()?.notification.sse;
      told = "";
      return text;
    },
  };
}
