import { now, toDateTime, wallTime } from "../base/clock.ts";
import { ThingError } from "../base/errors.ts";
import { SourceWay } from "./source-way.ts";

export const SOURCE_PHASES = [
  "idle",
  "opening",
  "streaming",
  "stalled",
  "disconnected",
  "failed",
] as const;

/**
 * What the source of a stream does. `idle`: nobody wants frames; `opening`: no frame has come yet; `streaming`: frames come;
 * `stalled`: it is open, and its frames stopped; `disconnected`: its device or server is not there; `failed`: that is there and
 * does not work.
 */
export type SourcePhase = (typeof SOURCE_PHASES)[number];

/** The phases of a source that gives no frames although they are or were wanted. */
export type FaultPhase = Extract<SourcePhase, "stalled" | "disconnected" | "failed">;

/** What a source does, and why, where it gives no frames that are wanted. */
export interface SourceStatus {
  readonly state: SourcePhase;
  /** One sentence, the same wherever the state is shown; of a fault only. */
  readonly reason?: string;
  /** Since when it has been in this state, RFC 3339; not told where a stream's producer adds frames as it likes. */
  readonly since?: string;
}

const LONGEST_REASON = 1000; // characters: it is shown in many places

export function isFault(state: string | undefined): state is FaultPhase {
  return state === "stalled" || state === "disconnected" || state === "failed";
}

/**
 * The one state of a stream's source: health, pages, properties and metrics show this and nothing of their own. A source that
 * has a fault stays so, with its reason, until it gives frames again: while it is tried again, and when nobody looks.
 */
export class SourceState {
  /** What its frames pass before they come. */
  readonly way = new SourceWay();
  #state: SourcePhase = "idle";
  #reason: string | undefined;
  #since = now();
  #isTrying = false;
  #isOpen = false;
  #retry: (() => void) | undefined;
  #isWanted: () => boolean = () => true;
  readonly #changes = new Set<() => void>();
  readonly #failures = new Set<(reason: string) => void>();

  get status(): SourceStatus & { readonly since: string } {
    const since = toDateTime(wallTime(this.#since));
    return {
      state: this.#state,
      ...(this.#reason !== undefined && { reason: this.#reason }),
      since,
    };
  }

  get state(): SourcePhase {
    return this.#state;
  }

  get reason(): string | undefined {
    return this.#reason;
  }

  /** Whether it gives no frames although they are or were wanted. */
  get isFaulty(): boolean {
    return isFault(this.#state);
  }

  /** Whether it is being started, for the first time or again, and neither a frame nor a failure has come of it yet. */
  get isTrying(): boolean {
    return this.#isTrying;
  }

  /** Whether it has stalled and is still open: frames may come again by themselves. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether somebody runs a source into the stream; else its producer adds frames as it likes, and there is no state. */
  get isFed(): boolean {
    return this.#retry !== undefined;
  }

  /** Somebody runs a source into the stream now. `retry` starts one that has failed at once, or opens one anew that has stalled; `isWanted`: whether frames are wanted. */
  feed(retry: () => void, isWanted = () => true): void {
    this.#retry = retry;
    this.#isWanted = isWanted;
    this.#become("idle");
  }

  /** Tries a source that has failed again now, without the rest of its pause. */
  retry(): void {
    if (this.isFaulty && !this.#isTrying) this.#retry?.();
  }

  /** Its device has gone, or does not work, as was seen while nobody wanted its frames. */
  loses(state: FaultPhase, reason: string): void {
    const isAtRest = this.#state === "idle" || (this.isFaulty && !this.#isTrying);
    if (isAtRest) this.fails(state, reason);
  }

  /** Its device is there again: it is tried at once if its frames are wanted, and has no fault otherwise. */
  returns(): void {
    if (!this.isFaulty) return;
    if (this.#isWanted()) this.retry();
    else this.#become("idle");
  }

  begins(): void {
    this.#isTrying = true;
    this.#isOpen = false;
    if (this.isFaulty) this.#tell();
    else this.#become("opening");
  }

  delivers(): void {
    this.#isTrying = false;
    this.#isOpen = false;
    this.#become("streaming");
  }

  /** Its frames have stopped, and may come again: who waits for one goes on waiting. */
  stalls(reason: string): void {
    this.#isOpen = true;
    this.#become("stalled", sentenceOf(reason));
  }

  fails(state: FaultPhase, reason: string): void {
    const sentence = sentenceOf(reason);
    this.#isTrying = false;
    this.#isOpen = false;
    this.#become(state, sentence);
    for (const listener of [...this.#failures]) listener(sentence);
  }

  /** Nobody wants its frames. */
  rests(): void {
    this.#isTrying = false;
    this.#isOpen = false;
    if (this.isFaulty) this.#tell();
    else this.#become("idle");
  }

  /** It was closed. */
  ends(): void {
    this.#isTrying = false;
    this.#isOpen = false;
    this.#become("idle");
  }

  /** Calls `listener` at each change of state or reason, and of `isTrying`; returns how to end that. */
  onChange(listener: () => void): () => void {
    this.#changes.add(listener);
    return () => {
      this.#changes.delete(listener);
    };
  }

  /** Calls `listener` each time an attempt has failed, also with the reason of the one before; returns how to end that. */
  onFailure(listener: (reason: string) => void): () => void {
    this.#failures.add(listener);
    return () => {
      this.#failures.delete(listener);
    };
  }

  #become(state: SourcePhase, reason?: string): void {
    if (state !== this.#state) this.#since = now();
    this.#state = state;
    this.#reason = reason;
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#changes]) listener();
  }
}

function sentenceOf(reason: string): string {
  return reason.replace(/\s+/g, " ").trim().slice(0, LONGEST_REASON);
}

/** The error for who wants a frame of a source that gives none. */
export function noFrameBecause(reason: string): ThingError {
  return new ThingError("NO_FRAME", `No frame is available: ${reason}`);
}
