import { messageOf } from "../../../base/errors.ts";
import { isNoRoom, RAISE } from "../jetstream-room.ts";
import type { Nats } from "../library.ts";
import { isUnanswered } from "../stuck-stream.ts";

const WAITING = "Tickets wait on this server until their deadline";

/** Why JetStream takes no tickets, and what to do. */
export function whyRefused(error: unknown, library: Nats): string {
  const what = messageOf(error).replace(/\.$/, "");
  if (isUnanswered(error, library))
    return `JetStream does not store them (${what}), as when its disk is full. Make room on the disk of nats-server, look into its log, and start it again if it stays so. ${WAITING}`;
  if (isNoRoom(error)) return `JetStream has no room (${what}). ${RAISE} ${WAITING}`;
  if (/jetstream (is )?not enabled/i.test(what))
    return `JetStream does not take them (${what}). Start nats-server with -js, allow JetStream to the account of this login, and look whether its disk is full. ${WAITING}`;
  return what;
}
