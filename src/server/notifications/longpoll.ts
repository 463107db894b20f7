import type { IncomingMessage } from "node:http";
import { Type } from "typebox";
import { ignoreAbort, withDeadline } from "../../base/abort.ts";
import { now } from "../../base/clock.ts";
import { ThingError } from "../../base/errors.ts";
import { slowReaders } from "../../base/slow-readers.ts";
import { roleOf } from "../http/identity.ts";
import { clientAddressOf } from "../http/origin.ts";
import { type Exchange, PROBLEM_TYPE, type Reply } from "../http/route.ts";
import { waitIn } from "../http/target.ts";
import { cursorAfter, idOf, isNotificationId } from "./notification-ids.ts";
import type { NotificationLog } from "./notification-log.ts";
import { NotificationReader } from "./notification-reader.ts";

const LONGEST_WAIT_S = 25;
const latePolls = slowReaders("long_poll", "gap");

/** What a client may ask of long polling. */
export const LONGPOLL_QUERY = {
  after: Type.String({
    description: "Id of the last notification received; those after it follow",
  }),
  wait: Type.Number({
    minimum: 0,
    maximum: LONGEST_WAIT_S,
    unit: "s",
    description: "How long to wait",
  }),
};

export interface Poll {
  readonly log: NotificationLog;
  readonly clients: RecentClients;
  /** The stamp that all to come sort behind. */
  readonly present: number;
}

/**
 * Answers with one notification: the first after `?after=`, else the first that its client cannot have been told, else
 * the next to come. What kept a value from being told is answered as a problem. Nothing within 25 s, or `?wait=`, is 204. Each
 * answer links to the one after it.
 * @throws {ThingError} `BAD_ARGUMENT`.
 */
export async function nextNotification(
  { log, clients, present }: Poll,
  { request, query, signal, identity }: Exchange,
): Promise<Reply> {
  const asked = query.get("after") ?? undefined;
  const seconds = waitIn(query, LONGEST_WAIT_S) ?? LONGEST_WAIT_S;
  if (asked !== undefined) assertId(asked);
  // A client asks by HEAD whether long polling is possible; it waits a second at most.
  if (request.method === "HEAD") return { status: 200, headers: link(asked ?? idOf(present)) };
  const last = asked ?? clients.lastTold(request);
  const from = last === undefined ? present : cursorAfter(last, present);
  const { heldSince } = log.history;
  const after = Math.max(from, heldSince);
  const reader = new NotificationReader(roleOf(identity));
  reader.follow(log, after, undefined);
  const due = await withDeadline(seconds * 1000, signal, (either) => reader.nextToCome(either))
    .catch(ignoreAbort)
    .finally(() => reader.leaveAll());
  const found = due?.notification;
  const isGap = from < heldSince || (due?.missed ?? 0) > 0;
  if (isGap) latePolls();
  const told = found?.id ?? idOf(after);
  if (asked === undefined) clients.note(request, told);
  const headers = { ...link(told), ...(isGap && { "X-Gap": "true" }) };
  if (!found) return { status: 204, headers };
  if (found.problem) {
    const { problem } = found;
    return { status: problem.status, body: problem, contentType: PROBLEM_TYPE, headers };
  }
  return { status: 200, body: Buffer.from(found.data ?? "null"), headers };
}

/** Relative to the request's own URL, and so right whatever stands before it. */
function link(after: string): Record<string, string> {
  return { Link: `<next?after=${encodeURIComponent(after)}>; rel="next"` };
}

/** @throws {ThingError} `BAD_ARGUMENT` unless `text` may be the id of a notification. */
export function assertId(text: string): void {
  if (isNotificationId(text)) return;
  throw new ThingError(
    "BAD_ARGUMENT",
    `${JSON.stringify(text.slice(0, 80))} is not the id of a notification: ids are times such as 2026-01-31T09:30:00.123456Z. Leave it out to receive new notifications.`,
  );
}

const KEPT_MS = 5000;
const KEPT = 256;

/**
 * What each client was last told by long polling, for a few seconds. Clients that follow no link cannot say it
 * themselves; they are told apart by address and program, so two of one program on one machine may be taken for one.
 */
export class RecentClients {
  readonly #told = new Map<string, { readonly id: string; readonly at: number }>();

  /** The id of what `request`'s client was last told, if that was a moment ago. */
  lastTold(request: IncomingMessage): string | undefined {
    const last = this.#told.get(keyOf(request));
    return last && now() - last.at < KEPT_MS ? last.id : undefined;
  }

  note(request: IncomingMessage, id: string): void {
    const key = keyOf(request);
    this.#told.delete(key);
    this.#told.set(key, { id, at: now() });
    const [oldest] = this.#told.keys();
    if (this.#told.size > KEPT && oldest !== undefined) this.#told.delete(oldest);
  }
}

function keyOf(request: IncomingMessage): string {
  return `${clientAddressOf(request)} ${request.headers["user-agent"]?.slice(0, 200)}`;
}
