import { thrownError } from "./thrown.ts";

/** For `.catch()`: a viewer who leaves is not an error; anything else is thrown on. */
export function ignoreAbort(error: unknown): void {
  if (!isAbort(error)) throw error;
}

/** True for what an AbortSignal rejects with. */
export function isAbort(error: unknown): boolean {
  return ["AbortError", "TimeoutError"].includes(thrownError(error).name);
}

const stops = new WeakSet<object>();

/** What a signal aborts with when a server or a Thing stops, and nobody has cancelled the work: it may be taken up again. */
export function stopped(message: string): DOMException {
  const reason = new DOMException(message, "AbortError");
  stops.add(reason);
  return reason;
}

/** Whether work was ended by a stop, and not because nobody wants it any more. */
export function isStopped(reason: unknown): boolean {
  return typeof reason === "object" && reason !== null && stops.has(reason);
}

/** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as it aborts. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** What `promise` settles to, unless `signal` aborts first: then its reason. The work itself goes on. */
export function abortable<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise;
  if (signal.aborted) {
    promise.catch(() => {}); // nobody waits for it
    return Promise.reject(signal.reason);
  }
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/**
 * What `work` gives, whose signal aborts when `signal` does, and after `ms` milliseconds with a `TimeoutError`.
 * Use it instead of `AbortSignal.any` with `AbortSignal.timeout`: Node 20 may collect that timer as garbage while
 * somebody waits for it, and the wait never ends.
 */
export async function withDeadline<T>(
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const onAbort = () => over.abort(signal.reason);
  const timer = setTimeout(
    () => over.abort(new DOMException(`Timed out after ${ms / 1000} s.`, "TimeoutError")),
    ms,
  );
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await work(over.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

/**
 * What `promise` settles to, or a rejection with `error()` after `ms` milliseconds.
 * @throws {ThingError} what `error` makes, when time is up first.
 */
export async function within<T>(promise: Promise<T>, ms: number, error: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(error()), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** From SIGTERM until the process has ended, ms, whatever hangs. README, docs/command-line.md and docs/limits.md say so too. */
export const STOP_WITHIN_MS = 10_000;
