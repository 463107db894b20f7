import type { Frame } from "../frames/frame.ts";

/** Who a frame was that there was no room for. */
export interface ForgottenFrame {
  readonly run: string;
  readonly index: number;
  readonly capturedAt: number;
  readonly jpeg?: undefined;
}

/** How much is held of what was captured before a trigger. */
export interface PreRollLimits {
  /** Frames captured this long before the newest are held. */
  readonly spanMs: number;
  /** Bytes of the frames that are held. */
  readonly maxBytes: number;
}

/** The frames just past, for a trigger to come. Recorders can be given one of their users' own. */
export interface PreRoll {
  push(frame: Frame): void;
  /** What was captured at `time`, epoch ms, or later, oldest first; without a picture where there was no room. */
  since(time: number): (Frame | ForgottenFrame)[];
  clear(): void;
}

/** Holds the newest frames, bounded by time and by bytes. Of those beyond the bytes it still knows who they were. */
export class PreRollRing implements PreRoll {
  readonly #limits: PreRollLimits;
  #frames: (Frame | ForgottenFrame)[] = [];
  /** How many at the beginning are forgotten. */
  #forgotten = 0;
  #bytes = 0;

  constructor(limits: PreRollLimits) {
    this.#limits = limits;
  }

  push(frame: Frame): void {
    this.#frames.push(frame);
    this.#bytes += frame.jpeg.length;
    const oldest = frame.capturedAt - this.#limits.spanMs;
    const inTime = this.#frames.findIndex(({ capturedAt }) => capturedAt >= oldest);
    for (const { jpeg } of this.#frames.splice(0, inTime)) this.#bytes -= jpeg?.length ?? 0;
    this.#forgotten = Math.max(0, this.#forgotten - inTime);
    while (this.#bytes > this.#limits.maxBytes && this.#forgotten < this.#frames.length) {
      const { run, index, capturedAt, jpeg } = this.#frames[this.#forgotten]!;
      this.#frames[this.#forgotten] = { run, index, capturedAt };
      this.#bytes -= jpeg?.length ?? 0;
      this.#forgotten += 1;
    }
  }

  since(time: number): (Frame | ForgottenFrame)[] {
    return this.#frames.filter(({ capturedAt }) => capturedAt >= time);
  }

  clear(): void {
    this.#frames = [];
    this.#forgotten = 0;
    this.#bytes = 0;
  }
}
