/** How a ticket may end. */
export type TicketEnd = "done" | "failed" | "dropped";
/** Why a ticket was dropped, in fixed words. */
export type DropCause = "deadline" | "gone" | "gave_up" | "too_many";

/** A frame that is wanted: it becomes work once, whoever does it. */
export interface Ticket {
  readonly run: string;
  readonly index: number;
  /** End of exposure, epoch ms: by the clock of the machine that has the camera, which may be another one's. */
  readonly capturedAt: number;
  /** When it was wanted, epoch ms: its deadline counts from there. */
  readonly wantedAt: number;
}

/** What has become of a ticket. */
export interface Outcome {
  readonly state: TicketEnd;
  /** Who reported it. */
  readonly worker?: string;
  /** What a worker found, of a ticket that is done. */
  readonly result?: unknown;
  readonly cause?: DropCause;
  /** In words, of a ticket that is not done. */
  readonly why?: string;
}

/** What names a ticket everywhere: a frame of a stream is wanted once. */
export function ticketId({ run, index }: Pick<Ticket, "run" | "index">): string {
  return `${run}:${index}`;
}
