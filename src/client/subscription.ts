import type { ClientError } from "./client-error.ts";
import type { Following } from "./event-stream.ts";

/**
 * Values that a Thing sends, from the moment on at which this is made: connecting does not wait for the loop.
 * Nothing is queued on this side; a reader that pauses lets the server wait. It ends when it is closed or its signal
 * aborts. A connection that breaks is made again; what came meanwhile is had from the server where it keeps it.
 */
export class Subscription<T> implements AsyncIterableIterator<T, void> {
  /** Resolves when the server is known to listen: what happens from then on is not missed. */
  readonly opened: Promise<void>;
  readonly #values: AsyncGenerator<T, void>;
  readonly #closing = new AbortController();
  readonly #unlink: () => void;
  #first: Promise<IteratorResult<T, void>> | undefined;

  constructor(follow: (following: Following) => AsyncGenerator<T, void>, signal?: AbortSignal) {
    let onOpen: () => void = () => {};
    const opened = new Promise<void>((resolve) => {
      onOpen = resolve;
    });
    this.#values = follow({ signal: this.#closing.signal, onOpen });
    const close = () => this.close();
    signal?.addEventListener("abort", close);
    this.#unlink = () => signal?.removeEventListener("abort", close);
    this.#first = this.#values.next();
    this.opened = Promise.race([opened, this.#first.then(() => {})]);
    this.opened.catch(() => {}); // whoever waits for it, or reads on, is told
    if (signal?.aborted) this.close();
  }

  async next(): Promise<IteratorResult<T, void>> {
    const first = this.#first;
    this.#first = undefined;
    const result = await (first ?? this.#values.next());
    return this.#closing.signal.aborted ? { done: true, value: undefined } : result;
  }

  async return(): Promise<IteratorResult<T, void>> {
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends the connection. */
  close(): void {
    this.#unlink();
    this.#closing.abort();
    this.#values.return().catch(() => {}); // nobody wants what it was about to say
  }
}

/** How notifications are followed. */
export interface SubscribeOptions {
  readonly signal?: AbortSignal;
  /** Values of the variables in the form's URL. */
  readonly uriVariables?: Readonly<Record<string, unknown>>;
  /**
   * Told each time that the Thing has a value, or an event, that cannot be sent, e.g. since its getter fails: the name of
   * the property or event, and why. What follows is told as usual. Without it such a time is passed over. What it throws
   * ends the subscription.
   */
  readonly onProblem?: (name: string, error: ClientError) => void;
}

/** What a listener to notifications can be given. */
export interface ListenOptions extends SubscribeOptions {
  /** Told why nothing more comes. Without it the error is thrown where no one can catch it, so as not to be missed. */
  readonly onError?: (error: unknown) => void;
}

/** Calls `listener` with each value until the returned function is called. */
export function listen<T>(
  subscription: Subscription<T>,
  listener: (value: T) => void,
  { onError }: ListenOptions,
): () => void {
  const reading = (async () => {
    for await (const value of subscription) listener(value);
  })();
  if (onError) void reading.catch(onError);
  return () => subscription.close();
}
