import type { Attempt } from "./attempt.ts";
import { type Failure, Supervisor, type SupervisorOptions } from "./supervise.ts";

/**
 * What `read` gives, over as many attempts as it takes, pulled as it is wanted: each value is a sign of life, and a reader that takes
 * its time is not held against the other side. It ends when the signal aborts, and with the attempt if `mayEnd`.
 * @throws What `read` threw, when no further attempt is made.
 */
export async function* supervisedValues<T>(
  read: (attempt: Attempt) => AsyncIterable<T>,
  options: SupervisorOptions,
): AsyncGenerator<T, void> {
  const turns = new Turns(options);
  try {
    for (let turn = await turns.next(); turn; turn = await turns.next()) {
      const { attempt } = turn;
      try {
        for await (const value of read(attempt)) {
          attempt.heartbeat();
          attempt.pause();
          yield value;
          attempt.resume();
        }
      } catch (error) {
        turn.fail(error);
      } finally {
        turn.end();
      }
    }
    turns.assertNotGivenUp();
  } finally {
    turns.close();
  }
}

/**
 * What `work` resolves to, tried again after pauses while it rejects with what may pass.
 * @throws What it rejected with last; the signal's reason when that aborts first.
 */
export async function retried<T>(
  work: (signal: AbortSignal) => Promise<T>,
  options: SupervisorOptions,
): Promise<T> {
  async function* read({ signal }: Attempt) {
    yield await work(signal);
  }
  for await (const value of supervisedValues(read, options)) return value;
  throw options.signal?.reason;
}

interface Turn {
  readonly attempt: Attempt;
  end(): void;
  fail(error: unknown): void;
}

/** Attempts, each for a reader that says itself how it went. */
class Turns {
  readonly #options: SupervisorOptions;
  readonly #supervisor: Supervisor;
  #turn: Turn | undefined;
  #failure: Failure | undefined;
  #wake: () => void = () => {};

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const run = (attempt: Attempt) =>
      new Promise<void>((end, fail) => {
        this.#failure = undefined;
        this.#turn = { attempt, end, fail };
        this.#wake();
      });
    this.#supervisor = new Supervisor(run, {
      ...options,
      onFailure: (failure) => {
        this.#failure = failure;
        options.onFailure?.(failure);
      },
    });
    this.#supervisor.start();
  }

  /** The next attempt, when its time has come; `undefined` when there is none. */
  async next(): Promise<Turn | undefined> {
    if (!this.#turn) {
      const granted = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([granted, this.#supervisor.finished]);
    }
    const turn = this.#turn;
    this.#turn = undefined;
    return turn;
  }

  /** @throws What failed last, unless all of it was ended by the signal. */
  assertNotGivenUp(): void {
    if (this.#failure && !this.#options.signal?.aborted) throw this.#failure.error;
  }

  close(): void {
    void this.#supervisor.close();
  }
}
