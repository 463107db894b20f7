import type { Frame, FrameName } from "../../frames/frame.ts";

/** Who a frame was that there was no room for. */
export interface ForgottenFrame extends FrameName {
  readonly jpeg?: undefined;
  /** Why there was no room. */
  readonly why?: string | undefined;
}

/** Frames of a pre-roll that files have taken over and not written yet. */
export interface PreRollLoans {
  /** Bytes of those that the pre-roll holds no more, and that are in memory all the same. */
  readonly outsideBytes: number;
  /** The pre-roll holds this frame no more. */
  forgotten(frame: Frame): void;
}

/** How much is held of what was captured before a trigger. */
export interface PreRollLimits {
  /** Frames captured this long before the newest are held. */
  readonly spanMs: number;
  /** Bytes of the frames that are held, and of those that files still wait to write. */
  readonly maxBytes: number;
  readonly loans?: PreRollLoans | undefined;
}

/** The frames just past, for a trigger to come. Recorders can be given one of their users' own. */
export interface PreRoll {
  push(frame: Frame): void;
  /** What was captured at `time`, epoch ms, or later, oldest first; without a picture where there was no room. */
  since(time: number): (Frame | ForgottenFrame)[];
  clear(): void;
}

/** Why the pre-roll has no picture of a frame. */
export const NO_ROOM = "there was no room for it before the trigger";
const SLOW_DISK =
  "the disk was too slow: frames that waited for it had the room of those before the trigger";

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
    const { spanMs, maxBytes, loans } = this.#limits;
    this.#frames.push(frame);
    this.#bytes += frame.jpeg.length;
    const oldest = frame.capturedAt - spanMs;
    const inTime = this.#frames.findIndex(({ capturedAt }) => capturedAt >= oldest);
    for (const past of this.#frames.splice(0, inTime)) this.#release(past);
    this.#forgotten = Math.max(0, this.#forgotten - inTime);
    const used = () => this.#bytes + (loans?.outsideBytes ?? 0);
    while (used() > maxBytes && this.#forgotten < this.#frames.length) {
      const past = this.#frames[this.#forgotten]!;
      const { run, index, capturedAt, clockSet } = past;
      const why = this.#bytes > maxBytes ? NO_ROOM : SLOW_DISK;
      this.#frames[this.#forgotten] = { run, index, capturedAt, clockSet, why };
      this.#release(past);
      this.#forgotten += 1;
    }
  }

  since(time: number): (Frame | ForgottenFrame)[] {
    return this.#frames.filter(({ capturedAt }) => capturedAt >= time);
  }

  clear(): void {
    for (const frame of this.#frames.splice(0)) this.#release(frame);
    this.#forgotten = 0;
  }

  #release(frame: Frame | ForgottenFrame): void {
    if (!frame.jpeg) return;
    this.#bytes -= frame.jpeg.length;
    this.#limits.loans?.forgotten(frame);
  }
}
