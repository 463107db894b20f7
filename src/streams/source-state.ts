import { ThingError } from "../base/errors.ts";

/**
 * What the source of a stream does. `idle`: nobody wants frames; `starting`: no frame has come yet; `live`: frames come;
 * `stalled`: it is open, and its frames stopped; `failed`: it could not start, or broke off.
 */
export type SourcePhase = "idle" | "starting" | "live" | "stalled" | "failed";

/** What a source does, and why, where it gives no frames that are wanted. */
export interface SourceStatus {
  readonly state: SourcePhase;
  /** One sentence, the same wherever the state is shown; with `stalled` and `failed` only. */
  readonly reason?: string;
}

const LONGEST_REASON = 1000; // characters: it is shown in many places

/**
 * The one state of a stream's source: health, pages, properties and metrics show this and nothing of their own. A source that
 * has stalled or failed stays so, with its reason, until it gives frames again: while it is tried again, and when nobody looks.
 */
export class SourceState {
  #status: SourceStatus = { state: "idle" };
  #isTrying = false;
  #retry: (() => void) | undefined;
  readonly #changes = new Set<() => void>();
  readonly #failures = new Set<(reason: string) => void>();

  get status(): SourceStatus {
    return this.#status;
  }

  get state(): SourcePhase {
    return this.#status.state;
  }

  /** Whether it gives no frames although they are or were wanted. */
  get isFaulty(): boolean {
    return this.state === "stalled" || this.state === "failed";
  }

  /** Whether it is being started, for the first time or again, and neither a frame nor a failure has come of it yet. */
  get isTrying(): boolean {
    return this.#isTrying;
  }

  /** Whether somebody runs a source into the stream; else its producer adds frames as it likes, and there is no state. */
  get isFed(): boolean {
    return this.#retry !== undefined;
  }

  /** Somebody runs a source into the stream now. `retry` starts one that has failed at once. */
  feed(retry: () => void): void {
    this.#retry = retry;
    this.#become({ state: "idle" });
  }

  /** Tries a source that has failed again now, without the rest of its pause. */
  retry(): void {
    if (this.isFaulty && !this.#isTrying) this.#retry?.();
  }

  begins(): void {
    this.#isTrying = true;
    this.#become(this.isFaulty ? this.#status : { state: "starting" });
  }

  delivers(): void {
    this.#isTrying = false;
    this.#become({ state: "live" });
  }

  fails(state: "stalled" | "failed", reason: string): void {
    const sentence = reason.replace(/\s+/g, " ").trim().slice(0, LONGEST_REASON);
    this.#isTrying = false;
    this.#become({ state, reason: sentence });
    for (const listener of [...this.#failures]) listener(sentence);
  }

  /** Nobody wants its frames. */
  rests(): void {
    this.#isTrying = false;
    this.#become(this.isFaulty ? this.#status : { state: "idle" });
  }

  /** It was closed. */
  ends(): void {
    this.#isTrying = false;
    this.#become({ state: "idle" });
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

  #become(status: SourceStatus): void {
    this.#status = status;
    for (const listener of [...this.#changes]) listener();
  }
}

/** The error for who wants a frame of a source that gives none. */
export function noFrameBecause(reason: string): ThingError {
  return new ThingError("NO_FRAME", `No frame is available: ${reason}`);
}
