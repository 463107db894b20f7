import type { FileHandle } from "node:fs/promises";
import { type Ticket, type TicketEnd, ticketId } from "./ticket.ts";
import { TicketCounts } from "./ticket-counts.ts";
import {
  hasCrc,
  type TicketLine,
  type TicketSums,
  type TicketsHead,
  ticketLine,
} from "./ticket-lines.ts";

const READ_BYTES = 2 ** 16;
/** A result has 65,536 characters at most, and each may take six. */
const LONGEST_LINE = 2 ** 20;

/** What a ledger of tickets says, line by line, and what in it cannot be. */
export interface ReadTickets {
  readonly head: TicketsHead | undefined;
  readonly counts: TicketCounts;
  /** Tickets that have not ended, in the order in which they were wanted. */
  readonly open: Map<string, Ticket>;
  /** Those that have, and how. */
  readonly ended: Map<string, TicketEnd>;
  readonly closed: TicketSums | undefined;
  /** Bytes up to the end of the last whole line. */
  readonly end: number;
  /** Bytes behind it: a line that was cut off. */
  readonly torn: number;
  /** Tickets that ended twice, were wanted twice, or ended and were never wanted; lines that are none, or damaged. */
  readonly twice: number;
  readonly wantedTwice: number;
  readonly neverWanted: number;
  readonly strange: number;
}

/** Reads a ledger of tickets, from its first line to its last whole one. */
export async function readTickets(file: FileHandle): Promise<ReadTickets> {
  const reading = new Reading();
  for await (const { text, bytes, isWhole } of linesOf(file)) {
    if (isWhole) reading.add(text, bytes);
    else reading.torn = bytes;
  }
  return reading;
}

class Reading implements ReadTickets {
  readonly counts = new TicketCounts();
  readonly open = new Map<string, Ticket>();
  readonly ended = new Map<string, TicketEnd>();
  /** Whether its first line has a checksum, as all must have then. */
  #isSealed = false;
  head: TicketsHead | undefined;
  closed: TicketSums | undefined;
  end = 0;
  torn = 0;
  twice = 0;
  wantedTwice = 0;
  neverWanted = 0;
  strange = 0;

  add(text: string | undefined, bytes: number): void {
    this.end += bytes;
    const isSealed = text !== undefined && hasCrc(text);
    if (this.head === undefined) this.#isSealed = isSealed;
    const said = text === undefined || isSealed !== this.#isSealed ? undefined : ticketLine(text);
    if (this.closed || !said || (said.kind === "head") !== (this.head === undefined))
      this.strange += 1;
    else this.#take(said);
  }

  #take(said: TicketLine): void {
    if (said.kind === "head") this.head = said.head;
    else if (said.kind === "closed") this.closed = said.sums;
    else if (said.kind === "missed") this.counts.missed += said.count;
    else if (said.kind === "wanted") this.#want(said.ticket);
    else this.#endOf(said);
  }

  #want(ticket: Ticket): void {
    const id = ticketId(ticket);
    if (this.open.has(id) || this.ended.has(id)) {
      this.wantedTwice += 1;
      return;
    }
    this.open.set(id, ticket);
    this.counts.wanted += 1;
  }

  #endOf({ ticket, outcome }: Extract<TicketLine, { kind: "ended" }>): void {
    const id = ticketId(ticket);
    if (this.open.delete(id)) {
      this.ended.set(id, outcome.state);
      this.counts.ended(outcome);
    } else if (this.ended.has(id)) this.twice += 1;
    else this.neverWanted += 1;
  }
}

/** Each line with its bytes; without its text when that is longer than any may be. */
async function* linesOf(file: FileHandle) {
  let parts: Buffer[] = [];
  let length = 0;
  for (let at = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, at);
    if (bytesRead === 0) break;
    at += bytesRead;
    let begin = 0;
    for (
      let end = buffer.indexOf(10);
      end >= 0 && end < bytesRead;
      end = buffer.indexOf(10, begin)
    ) {
      parts.push(buffer.subarray(begin, end));
      length += end - begin;
      const text = length > LONGEST_LINE ? undefined : Buffer.concat(parts).toString();
      yield { text, bytes: length + 1, isWhole: true };
      [parts, length, begin] = [[], 0, end + 1];
    }
    if (length <= LONGEST_LINE) parts.push(buffer.subarray(begin, bytesRead));
    length += bytesRead - begin;
  }
  if (length > 0) yield { text: undefined, bytes: length, isWhole: false };
}
