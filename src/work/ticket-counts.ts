import type { DropCause, Outcome } from "./ticket.ts";

/** What became of the reports of workers: a report counts once, though it may come twice. */
export type ReportOutcome = "recorded" | "repeated" | "late" | "unknown" | "refused";

const counted = new WeakMap<object, TicketCounts>();

/** The sums of a work queue: `wanted` is always `done` + `failed` + `dropped` + `open`. */
export class TicketCounts {
  wanted = 0;
  done = 0;
  failed = 0;
  dropped = 0;
  /** Frames that never became tickets, since this server was too busy or its disk failed. */
  missed = 0;
  /** Tickets that NATS did not have any more, and was given again. */
  lostByNats = 0;
  /** Consumers that did not deliver, and were made again. */
  rebuilds = 0;
  readonly causes = new Map<DropCause, number>();
  readonly reports = new Map<ReportOutcome, number>();

  /** Those of a Thing, where it has any. */
  static of(owner: object): TicketCounts | undefined {
    return counted.get(owner);
  }

  /** @param owner - Whose they are: `/metrics` has them under its name. */
  constructor(owner?: object) {
    if (owner) counted.set(owner, this);
  }

  /** Tickets that have not ended. */
  get open(): number {
    return this.wanted - this.done - this.failed - this.dropped;
  }

  ended({ state, cause }: Pick<Outcome, "state" | "cause">): void {
    this[state] += 1;
    if (cause) this.causes.set(cause, (this.causes.get(cause) ?? 0) + 1);
  }

  reported(outcome: ReportOutcome): void {
    this.reports.set(outcome, (this.reports.get(outcome) ?? 0) + 1);
  }
}
