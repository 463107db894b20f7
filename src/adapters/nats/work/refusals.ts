import { messageOf } from "../../../base/errors.ts";
import type { Nats } from "../library.ts";
import { isUnanswered } from "../stuck-stream.ts";

/** What JetStream answers when a limit of its server, of the account or of the stream is reached. */
const NO_ROOM = /insufficient|exceeded|no space|no suitable peers/i;
const WAITING = "Tickets wait on this server until their deadline";

/** Why JetStream takes no tickets, and what to do. */
export function whyRefused(error: unknown, library: Nats): string {
  const what = messageOf(error).replace(/\.$/, "");
  if (isUnanswered(error, library))
    return `JetStream does not store them (${what}), as when its disk is full. Make room on the disk of nats-server, look into its log, and start it again if it stays so. ${WAITING}`;
  if (NO_ROOM.test(what))
    return `JetStream has no room (${what}). Raise max_file_store of nats-server, or max_file of its account, or remove other streams there. ${WAITING}`;
  if (/jetstream is not enabled/i.test(what))
    return `JetStream does not take them (${what}). Start nats-server with -js, and look whether its disk is full. ${WAITING}`;
  return what;
}
