import { type Static, Type } from "typebox";
import { errorsIn } from "../../../core/schema.ts";

/** What a worker is given of a ticket. */
const TicketMessage = Type.Object({
  run: Type.String({ minLength: 1, maxLength: 100 }),
  index: Type.Integer({ minimum: 0 }),
  /** Epoch ms. */
  captured_at: Type.Number(),
  /** Where the frame is. */
  url: Type.String({ pattern: "^https?://", maxLength: 2000 }),
});
export type TicketMessage = Static<typeof TicketMessage>;

/** Where a ticket is in JetStream, and how often it was given it before. */
export interface TicketPlace {
  readonly seq: number;
  readonly attempt: number;
}

/** The ticket; or in words why a message is none: whoever may publish to the queue's subject may write anything. */
export function ticketIn(message: { json(): unknown }): TicketMessage | string {
  let ticket: unknown;
  try {
    ticket = message.json();
  } catch {
    return "it is not JSON";
  }
  const [fault] = errorsIn(TicketMessage, ticket);
  if (fault) return `${fault.instancePath || "it"} ${fault.message}`;
  const { url } = ticket as TicketMessage;
  return URL.canParse(url) ? (ticket as TicketMessage) : "its url is none";
}
