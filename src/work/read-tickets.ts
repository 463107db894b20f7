import type { FileHandle } from "node:fs/promises";
import { type Ticket, ticketId } from "./ticket.ts";
import { TicketCounts } from "./ticket-counts.ts";
import { type TicketSums, type TicketsHead, ticketLine } from "./ticket-lines.ts";

const READ_BYTES = 2 ** 16;

/** What a ledger of tickets says, line by line, and what in it cannot be. */
export interface ReadTickets {
  readonly head: TicketsHead | undefined;
  readonly counts: TicketCounts;
  /** Tickets that have not ended, in the order in which they were wanted. */
  readonly open: Map<string, Ticket>;
  /** Those that have. */
  readonly ended: Set<string>;
  readonly closed: TicketSums | undefined;
  /** Bytes up to the end of the last whole line. */
  readonly end: number;
  /** Bytes behind it: a line that was cut off. */
  readonly torn: number;
  /** Tickets that ended twice, were wanted twice, or ended and were never wanted; lines that are none. */
  readonly twice: number;
  readonly wantedTwice: number;
  readonly neverWanted: number;
  readonly strange: number;
}

/** Reads a ledger of tickets, from its first line to its last whole one. */
export async function readTickets(file: FileHandle): Promise<ReadTickets> {
  const counts = new TicketCounts();
  const open = new Map<string, Ticket>();
  const ended = new Set<string>();
  const faults = { twice: 0, wantedTwice: 0, neverWanted: 0, strange: 0 };
  let head: TicketsHead | undefined;
  let closed: TicketSums | undefined;
  let end = 0;
  let torn = 0;
  for await (const { text, bytes, isWhole } of linesOf(file)) {
    if (!isWhole) {
      torn = bytes;
      break;
    }
    end += bytes;
    const said = ticketLine(text);
    if (closed || !said || (said.kind === "head") !== (head === undefined)) faults.strange += 1;
    else if (said.kind === "head") head = said.head;
    else if (said.kind === "closed") closed = said.sums;
    else if (said.kind === "missed") counts.missed += said.count;
    else if (said.kind === "wanted") {
      const id = ticketId(said.ticket);
      if (open.has(id) || ended.has(id)) faults.wantedTwice += 1;
      else {
        open.set(id, said.ticket);
        counts.wanted += 1;
      }
    } else {
      const id = ticketId(said.ticket);
      if (open.delete(id)) {
        ended.add(id);
        counts.ended(said.outcome);
      } else faults[ended.has(id) ? "twice" : "neverWanted"] += 1;
    }
  }
  return { head, counts, open, ended, closed, end, torn, ...faults };
}

async function* linesOf(file: FileHandle) {
  let rest: Buffer = Buffer.alloc(0);
  for (let at = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, at);
    if (bytesRead === 0) break;
    at += bytesRead;
    rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield { text: rest.toString("utf8", 0, end), bytes: end + 1, isWhole: true };
      rest = rest.subarray(end + 1);
    }
  }
  if (rest.length > 0) yield { text: "", bytes: rest.length, isWhole: false };
}
