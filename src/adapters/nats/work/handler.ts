// What whoever writes a worker meets: apart from what runs it, whose types need the libraries of NATS.

/** A frame, as a worker is given it. */
export interface WorkFrame {
  readonly run: string;
  readonly index: number;
  /** End of exposure, epoch ms. */
  readonly capturedAt: number;
  /** One complete JPEG file. */
  readonly jpeg: Uint8Array;
  /** Aborts when the ticket is too old, or the worker is closed. */
  readonly signal: AbortSignal;
}

/** What is done with a frame. What it returns is the result. */
export type Handler = (frame: WorkFrame) => unknown;

/** Thrown by a handler that cannot say anything of a frame, which is no failure: its ticket is dropped with this reason. */
export class GiveUp extends Error {}

/** What a worker has done since it began. */
export interface WorkerCounts {
  /** Tickets whose result was recorded. */
  readonly done: number;
  readonly failed: number;
  /** Tickets whose frame was gone, or that the handler gave up. */
  readonly dropped: number;
  /** Tickets that had ended before it could report, or that another had reported. */
  readonly passed: number;
  /** Messages of the queue that were no tickets. */
  readonly refused: number;
}
