import { wallTime } from "../base/clock.ts";
import { countedLimit } from "../base/limit-hits.ts";
import { systemTimers, type Timers } from "../base/timers.ts";
import type { ReadTickets } from "./read-tickets.ts";
import { type DropCause, type Outcome, type Ticket, ticketId } from "./ticket.ts";
import type { ReportOutcome, TicketCounts } from "./ticket-counts.ts";
import type { TicketLedger } from "./ticket-ledger.ts";
import { endedLine, type MissedFrames, missedLine, wantedLine } from "./ticket-lines.ts";

/** Tickets that are open at a time; a frame that is wanted beyond is dropped at once. */
export const MOST_OPEN = 10_000;
/** A ticket that so many workers have taken and none has reported may be what ends them. */
export const MOST_TAKERS = 5;
/** Of so many tickets it is known how they ended, for reports that come again. */
const MOST_ENDED = 20_000;

const openLimit = countedLimit("work_open_tickets");

/** Where a ticket that is open is. */
export interface OpenTicket extends Ticket {
  readonly id: string;
  /** When it is too old, ms of the timers' clock. */
  readonly deadline: number;
  /** Workers that were given its frame. */
  readonly takers: string[];
}

interface TicketsOptions {
  readonly ledger: TicketLedger;
  readonly counts: TicketCounts;
  /** How long a ticket may be open, ms. */
  readonly deadlineMs: number;
  /** Why a ticket that is too old may not have been done, beside that nobody was quick enough. */
  readonly whyLate?: (ticket: OpenTicket) => string | undefined;
  readonly onWanted: (ticket: OpenTicket) => void;
  readonly onEnded: (ticket: OpenTicket, outcome: Outcome) => void;
  readonly timers?: Timers;
}

/** What is wanted of a queue and not done yet. Each ticket ends once here, however often it is delivered and reported. */
export class Tickets {
  readonly open = new Map<string, OpenTicket>();
  readonly #options: TicketsOptions;
  readonly #timers: Timers;
  readonly #ended = new Map<string, Outcome["state"]>();
  /** What was counted before the ledger's present file. */
  #before = { wanted: 0, done: 0, failed: 0, dropped: 0 };
  #missed: MissedFrames | undefined;
  #stopTimer = () => {};

  constructor(options: TicketsOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
  }

  /** Takes up what an earlier process has left open, and knows what has ended. */
  resume({ open, ended }: Pick<ReadTickets, "open" | "ended">): void {
    for (const [id, state] of ended) this.#noteEnd(id, state);
    for (const ticket of open.values()) {
      const age = wallTime() - ticket.wantedAt;
      this.#add(ticket, Math.min(Math.max(0, age), this.#options.deadlineMs));
    }
    this.#watch();
  }

  /** Whether a frame is a ticket already, or was one: a stream that is read from another server may give it twice. */
  isKnown(frame: Pick<Ticket, "run" | "index">): boolean {
    const id = ticketId(frame);
    return this.open.has(id) || this.#ended.has(id);
  }

  /** A frame is wanted; once, however often this is called. */
  want(frame: Omit<Ticket, "wantedAt">): void {
    if (this.isKnown(frame)) return;
    const { ledger, counts } = this.#options;
    const ticket = { ...frame, wantedAt: wallTime() };
    this.#listMissed();
    counts.wanted += 1;
    ledger.add(wantedLine(ticket));
    const open = this.#add(ticket, 0);
    if (this.open.size > MOST_OPEN) {
      openLimit.hit();
      this.#drop(open, "too_many", `${MOST_OPEN} tickets are open already`);
      return;
    }
    if (this.open.size === 1) this.#watch();
    this.#options.onWanted(open);
    this.#turnOver();
  }

  /** A frame cannot become a ticket. Such frames are one line of the ledger, when the next one can, or another run begins. */
  miss({ run, index }: Pick<Ticket, "run" | "index">, why: string): void {
    this.#options.counts.missed += 1;
    if (this.#missed?.run !== run) this.#listMissed();
    const { from = index, count = 0 } = this.#missed ?? {};
    this.#missed = { run, from, to: index, count: count + 1, why };
  }

  /** A worker is given the frame of a ticket. Too many that never reported end it. @returns Whether it is open still. */
  take(id: string, worker: string): boolean {
    const ticket = this.open.get(id);
    if (!ticket) return false;
    ticket.takers.push(worker);
    if (ticket.takers.length <= MOST_TAKERS) return true;
    const names = [...new Set(ticket.takers.slice(0, MOST_TAKERS))].join(", ");
    const why = `${MOST_TAKERS} workers took it (${names}), and none has reported: it may be what ends them`;
    this.#end(ticket, { state: "failed", why });
    return false;
  }

  /** A worker says what became of a ticket. @returns Whether that counts. */
  report(id: string, outcome: Outcome): ReportOutcome {
    const ticket = this.open.get(id);
    if (ticket) this.#end(ticket, outcome);
    const said = ticket ? "recorded" : this.#outcomeOfEnded(id);
    this.#options.counts.reported(said);
    return said;
  }

  /** How a ticket ended, as far as that is known still. */
  endOf(id: string): Outcome["state"] | undefined {
    return this.#ended.get(id);
  }

  /** How long a ticket has until it is too old, ms. */
  remainingMs({ deadline }: OpenTicket): number {
    return Math.max(0, deadline - this.#timers.now());
  }

  close(): void {
    this.#stopTimer();
    this.#listMissed();
  }

  #listMissed(): void {
    if (this.#missed) this.#options.ledger.add(missedLine(this.#missed));
    this.#missed = undefined;
  }

  /** @param age - How long it has been wanted, ms. */
  #add(ticket: Ticket, age: number): OpenTicket {
    const id = ticketId(ticket);
    const deadline = this.#timers.now() + this.#options.deadlineMs - age;
    const open = { ...ticket, id, deadline, takers: [] };
    this.open.set(id, open);
    return open;
  }

  #outcomeOfEnded(id: string): ReportOutcome {
    const state = this.#ended.get(id);
    if (state === undefined) return "unknown";
    return state === "dropped" ? "late" : "repeated";
  }

  #drop(ticket: OpenTicket, cause: DropCause, why: string): void {
    this.#end(ticket, { state: "dropped", cause, why });
  }

  #end(ticket: OpenTicket, outcome: Outcome): void {
    const { ledger, counts, onEnded } = this.#options;
    this.open.delete(ticket.id);
    this.#noteEnd(ticket.id, outcome.state);
    counts.ended(outcome);
    ledger.add(endedLine(ticket, outcome, wallTime()));
    onEnded(ticket, outcome);
    this.#turnOver();
  }

  #noteEnd(id: string, state: Outcome["state"]): void {
    this.#ended.set(id, state);
    if (this.#ended.size > MOST_ENDED) this.#ended.delete(this.#ended.keys().next().value!);
  }

  /** Goes on in another file when this one is large. */
  #turnOver(): void {
    const { ledger, counts } = this.#options;
    if (!ledger.isLarge) return;
    const { done, failed, dropped, wanted, open } = counts;
    const before = this.#before;
    const carried = [...this.open.values()].map((ticket) => wantedLine(ticket, true)).join("");
    const sums = {
      wanted: wanted - before.wanted,
      done: done - before.done,
      failed: failed - before.failed,
      dropped: dropped - before.dropped,
      open,
    };
    ledger.turnOver(sums, carried);
    this.#before = { wanted: wanted - open, done, failed, dropped };
  }

  /** Looks for tickets that are too old when the next one is. The first is the oldest: frames come in order. */
  #watch(): void {
    this.#stopTimer();
    const [oldest] = this.open.values();
    if (!oldest) return;
    this.#stopTimer = this.#timers.after(this.remainingMs(oldest), () => this.#expire(), true);
  }

  #expire(): void {
    const { deadlineMs, whyLate } = this.#options;
    const late = `it was not done within ${deadlineMs / 1000} s`;
    for (const ticket of this.open.values()) {
      if (this.remainingMs(ticket) > 0) break;
      const why = whyLate?.(ticket);
      this.#drop(ticket, "deadline", why ? `${late}: ${why}` : late);
    }
    this.#watch();
  }
}
