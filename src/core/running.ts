import { AsyncLocalStorage } from "node:async_hooks";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";

/** What a running action sees of its run. Hand it on to the actions that it calls: they share log, signal and lock. */
export interface Invocation {
  readonly id: string;
  /** Aborts when the run is cancelled. Every wait in an action takes it. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** How far the run is, 0 to 1, and in words. */
  progress(fraction: number, message?: string): void;
}

/** Where it is noted what a Thing's code fails at. */
export interface FaultNotes {
  /** The Thing's name in its host. */
  readonly thing: string;
  /** Logs and counts a fault. Never throws. */
  note(member: string, sentence: string, error?: unknown): void;
}

/** On whose behalf code runs: it is inherited by the timers, promises and sockets that this code makes. */
export interface Running {
  /** Of the Thing whose code it is. */
  readonly faults?: FaultNotes | undefined;
  /** Of the run of the action whose code it is. */
  readonly invocation?: Invocation | undefined;
  /** The read in whose course it runs, of one that tells or saves what it reads. */
  readonly quiet?: QuietRead | undefined;
}

/** A read that comes of a change: that its own code says of it `changed` is no news. */
interface QuietRead {
  /** Who reads. */
  readonly reader: object;
  readonly property: string;
  isOver: boolean;
}

const storage = new AsyncLocalStorage<Running>();

/** Runs `work` so that all that it begins is known to be begun by `running`. */
export function runAs<T>(running: Running, work: () => T): T {
  return storage.run(running, work);
}

/** Runs the code of one Thing; it stays in the invocation that called it, if one did. */
export function runAsThing<T>(faults: FaultNotes, work: () => T): T {
  return storage.run({ ...storage.getStore(), faults }, work);
}

/**
 * Reads a property in order to tell, or to save, what it has. Until its promise settles, `isReadQuietly` is true for what its code
 * does: not for what a socket or timer that it made does later.
 */
export function readQuietly<T>(reader: object, property: string, read: () => T): T {
  const quiet = { reader, property, isOver: false };
  const end = () => {
    quiet.isOver = true;
  };
  let isLate = false;
  try {
    const value = runAs({ ...storage.getStore(), quiet }, read);
    isLate = value instanceof Promise;
    if (isLate) (value as Promise<unknown>).then(end, end);
    return value;
  } finally {
    if (!isLate) end();
  }
}

export function isReadQuietly(reader: object, property: string): boolean {
  const quiet = storage.getStore()?.quiet;
  return quiet?.reader === reader && quiet.property === property && !quiet.isOver;
}

/** On whose behalf the caller runs. */
export function running(): Running | undefined {
  return storage.getStore();
}

/**
 * From now on it is known whose microtask (`queueMicrotask`) threw: Node leaves its context before it tells of the error. Call it
 * once, where `noteUncaught` is used.
 */
export function keepMicrotaskContext(): void {
  const queue = globalThis.queueMicrotask;
  globalThis.queueMicrotask = (work) =>
    queue(() => {
      try {
        work();
      } catch (error) {
        process.nextTick(() => {
          throw error;
        });
      }
    });
}

/**
 * Notes an error that nobody caught with the Thing whose code made the timer, promise or socket that it came from. Call it in a
 * handler of `uncaughtException` or `unhandledRejection`.
 * @returns Whether it came from a Thing; if not, it is a fault of the program itself.
 */
export function noteUncaught(error: unknown): boolean {
  const faults = storage.getStore()?.faults;
  faults?.note(
    "background",
    `Nothing caught this error of Thing '${faults.thing}': ${messageOf(error)}`,
    error,
  );
  return faults !== undefined;
}
