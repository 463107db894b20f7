import { withDeadline } from "../../src/base/abort.ts";

/** Longer than that nobody waits for a device to take a value, ms. */
const LONGEST_MS = 40_000;
/** A write that was sent is not taken back. */
const NEVER = new AbortController().signal;

/**
 * Writes of one value: one is under way at a time, and of those that are wanted meanwhile the last is next, so that a slider that is
 * drawn to and fro asks the device for what it can do, and ends where it was left.
 */
export class PacedWrite {
  readonly #write: (value: unknown, signal: AbortSignal) => Promise<void>;
  readonly #changed: () => void;
  #next: { readonly value: unknown } | undefined;
  #now: { readonly value: unknown } | undefined;
  /** Why the newest value was not taken, in the server's sentence; undefined when it was. */
  problem: string | undefined;

  /**
   * @param write - Resolves when the value is taken, and rejects with the reason when it is not.
   * @param changed - Told when `problem`, `isUnderWay` or `wanted` is another.
   */
  constructor(
    write: (value: unknown, signal: AbortSignal) => Promise<void>,
    changed: () => void = () => {},
  ) {
    this.#write = write;
    this.#changed = changed;
  }

  get isUnderWay(): boolean {
    return this.#now !== undefined;
  }

  /** The value that it is to become; undefined when nothing is under way. */
  get wanted(): unknown {
    return (this.#next ?? this.#now)?.value;
  }

  set(value: unknown): void {
    this.#next = { value };
    this.problem = undefined;
    if (!this.#now) void this.#run();
    this.#changed();
  }

  async #run(): Promise<void> {
    for (;;) {
      this.#now = this.#next;
      this.#next = undefined;
      if (!this.#now) break;
      try {
        const { value } = this.#now;
        await withDeadline(LONGEST_MS, NEVER, (signal) => this.#write(value, signal));
      } catch (error) {
        // What is wanted next is another value: what was said of this one is old.
        if (!this.#next) this.problem = sentenceOf(error);
      }
    }
    this.#changed();
  }
}

function sentenceOf(error: unknown): string {
  const isLate = Object(error).name === "TimeoutError";
  if (isLate) return `The value was not taken within ${LONGEST_MS / 1000} s.`;
  return error instanceof Error ? error.message : String(error);
}
