import { randomUUID } from "node:crypto";
import { abortable, ignoreAbort } from "../../../base/abort.ts";
import type { Log } from "../../../base/log.ts";
import { type Outcome, ticketId } from "../../../work/ticket.ts";
import type { TicketCounts } from "../../../work/ticket-counts.ts";
import { TicketLedger } from "../../../work/ticket-ledger.ts";
import { type OpenTicket, Tickets } from "../../../work/tickets.ts";
import type { TicketPlace } from "./ticket-message.ts";

interface WorkOptions {
  /** Where the ledger is. */
  readonly folder: string;
  readonly queue: string;
  readonly camera: string;
  /** How long a ticket may be open, ms. */
  readonly deadlineMs: number;
  readonly counts: TicketCounts;
  readonly log: Log;
  /** The ledger goes on in another file when it is larger, bytes. */
  readonly ledgerBytes?: number | undefined;
  readonly onEnded: (ticket: OpenTicket, outcome: Outcome) => void;
}

/** What a queue has to do: its tickets and their ledger, and which of them JetStream has. */
export class QueueWork {
  readonly tickets: Tickets;
  readonly ledger: TicketLedger;
  readonly counts: TicketCounts;
  readonly deadlineMs: number;
  /** Open tickets that JetStream has to be given, in order, and how often it was. */
  readonly #unpublished = new Map<string, number>();
  readonly #published = new Map<string, TicketPlace>();
  /** Why JetStream takes no tickets; undefined while it does. */
  trouble: string | undefined;
  /** Whether JetStream may have tickets of an earlier process, which say where that was. */
  isNew = true;
  /** Tells its messages from those of an earlier process. */
  readonly session = randomUUID().slice(0, 8);
  /** In the addresses that its tickets have: whoever has one counts as a worker that took it. */
  readonly key = randomUUID();
  #wake = () => {};

  private constructor(ledger: TicketLedger, { counts, deadlineMs, onEnded }: WorkOptions) {
    this.ledger = ledger;
    this.counts = counts;
    this.deadlineMs = deadlineMs;
    this.tickets = new Tickets({
      ledger,
      counts,
      deadlineMs,
      whyLate: ({ id }) => (this.#published.has(id) ? undefined : this.trouble),
      onWanted: ({ id }) => this.publishAgain(id, 0),
      onEnded: (ticket, outcome) => {
        this.#unpublished.delete(ticket.id);
        this.#published.delete(ticket.id);
        onEnded(ticket, outcome);
      },
    });
  }

  /** @throws {ThingError} `RECORDING_FAILED` when the ledger cannot be opened. */
  static async open(options: WorkOptions): Promise<QueueWork> {
    const { folder, queue, camera, counts, ledgerBytes, log } = options;
    const head = { tickets: 1, queue, camera } as const;
    const { ledger, read, left } = await TicketLedger.open(folder, head, ledgerBytes);
    if (left) log.warn(`${left} Its open tickets go on in ${ledger.path}.`);
    const work = new QueueWork(ledger, options);
    Object.assign(counts, {
      wanted: read.counts.wanted,
      done: read.counts.done,
      failed: read.counts.failed,
      dropped: read.counts.dropped,
      missed: read.counts.missed,
    });
    for (const [cause, count] of read.counts.causes) counts.causes.set(cause, count);
    if (read.open.size > 0) log.info(`${read.open.size} tickets are open from before.`);
    for (const ticket of read.open.values()) work.#unpublished.set(ticketId(ticket), 0);
    work.tickets.resume(read);
    return work;
  }

  /** A ticket to be published, once; undefined when `signal` has aborted. */
  async takeUnpublished(
    signal: AbortSignal,
  ): Promise<{ ticket: OpenTicket; attempt: number } | undefined> {
    while (!signal.aborted) {
      const [next] = this.#unpublished;
      if (next) {
        const [id, attempt] = next;
        this.#unpublished.delete(id);
        const ticket = this.tickets.open.get(id);
        if (ticket) return { ticket, attempt };
        continue;
      }
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await abortable(woken, signal).catch(ignoreAbort);
    }
    return undefined;
  }

  published(id: string, place: TicketPlace): void {
    if (this.tickets.open.has(id)) this.#published.set(id, place);
  }

  /** JetStream does not have it. @param attempt - Another one, or JetStream takes it for the one that it had. */
  publishAgain(id: string, attempt: number): void {
    this.#published.delete(id);
    if (!this.tickets.open.has(id)) return;
    this.#unpublished.set(id, attempt);
    this.#wake();
  }

  /** Open tickets that JetStream has taken, the oldest first. */
  get inJetStream(): ReadonlyMap<string, TicketPlace> {
    return this.#published;
  }

  async close(): Promise<void> {
    this.tickets.close();
    await this.ledger.close();
  }
}
