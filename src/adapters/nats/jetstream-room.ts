import { messageOf } from "../../base/errors.ts";

/** What JetStream answers when a limit of its server, of the account or of the stream is reached. */
const NO_ROOM = /insufficient|exceeded|no space|no suitable peers/i;

/** What to do then. */
export const RAISE =
  "Raise max_file_store of nats-server, or max_file of its account, or remove other streams there.";

/** Whether JetStream has refused something since a limit of its server or account is reached. */
export function isNoRoom(error: unknown): boolean {
  return NO_ROOM.test(messageOf(error));
}
