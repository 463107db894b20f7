import { types } from "node:util";
import { now } from "../base/clock.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { type Log, namedLog } from "../base/log.ts";
import { thrownError } from "../base/thrown.ts";
import { type FaultNotes, runAsThing, running } from "./running.ts";

/** The same sentence is logged again after this long, with how often it came in between. */
const SAY_AGAIN_MS = 60_000;
/** A class has fewer members; beyond these, faults are counted together. */
const MAX_MEMBERS = 200;
const OTHERS = "others";

interface Faults {
  count: number;
  lastSaid: string;
  saidAt: number;
  unsaid: number;
}

/**
 * The joint between one Thing and everything else: what calls into the Thing, and what the Thing calls into, is called
 * through here. A fault on either side is logged with the Thing and the member, counted, and goes no further.
 */
export class ThingFaults implements FaultNotes {
  /** The Thing's name in its host. */
  readonly thing: string;
  /** Where faults are logged: the server's log until the Thing has one. */
  log: Log;
  readonly #members = new Map<string, Faults>();

  constructor(thing: string, log: Log) {
    this.thing = thing;
    this.log = log;
  }

  /** How many there were since the start, by member; `background` is what the Thing left running. */
  get counts(): ReadonlyMap<string, number> {
    return new Map([...this.#members].map(([member, { count }]) => [member, count]));
  }

  /**
   * Logs and counts a fault. Never throws. The same sentence is logged once a minute at most.
   * @param sentence - What failed, and why.
   * @param error - What was thrown: its stack goes to the log, unless its sentence says all that is needed.
   */
  note(member: string, sentence: string, error?: unknown): void {
    const faults = this.count(member);
    const isRepeated = sentence === faults.lastSaid && now() - faults.saidAt < SAY_AGAIN_MS;
    if (isRepeated) {
      faults.unsaid += 1;
      return;
    }
    const times =
      faults.unsaid > 0 ? ` (${faults.unsaid} more like the last were not logged.)` : "";
    Object.assign(faults, { lastSaid: sentence, saidAt: now(), unsaid: 0 });
    try {
      const stack = error === undefined ? undefined : stackOf(error);
      this.log.error(`${sentence}${times}`, { member, ...(stack !== undefined && { stack }) });
    } catch {
      // A log that fails is no reason to fail: the fault is counted.
    }
  }

  /** Counts a fault that is logged elsewhere, e.g. with its invocation. */
  count(member: string): Faults {
    const isKnown = this.#members.has(member) || this.#members.size < MAX_MEMBERS;
    const key = isKnown ? member : OTHERS;
    const faults = this.#members.get(key) ?? { count: 0, lastSaid: "", saidAt: 0, unsaid: 0 };
    faults.count += 1;
    this.#members.set(key, faults);
    return faults;
  }

  /** Calls code of this Thing that nobody waits for. What it throws, or rejects with, is noted. */
  call(member: string, what: string, work: () => unknown): void {
    const failed = (error: unknown) => this.note(member, `${what}: ${messageOf(error)}`, error);
    try {
      const result = runAsThing(this, work);
      if (isThenable(result)) result.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }

  /** Calls everyone who listens to a member of this Thing. One who throws, or rejects, keeps it from none of the others. */
  tell<A extends readonly unknown[]>(
    member: string,
    listeners: Iterable<(...told: A) => unknown>,
    ...told: A
  ): void {
    const failed = (error: unknown) =>
      this.note(
        member,
        `A listener to '${member}' of Thing '${this.thing}' failed: ${messageOf(error)}`,
        error,
      );
    for (const listener of [...listeners]) tellOne(listener, told, failed);
  }
}

/** Calls one listener. What it throws, or rejects with, goes to `failed` and no further. */
export function tellOne<A extends readonly unknown[]>(
  listener: (...told: A) => unknown,
  told: A,
  failed: (error: unknown) => void,
): void {
  try {
    const result = listener(...told);
    if (isThenable(result)) result.then(undefined, failed);
  } catch (error) {
    failed(error);
  }
}

const madeWith = new WeakMap<object, ThingFaults>();

/** Makes a Thing that is to have a name, so that what its constructor leaves running is known to be its own. */
export function madeFor<T extends object>(name: string, log: Log, make: () => T): T {
  const faults = new ThingFaults(name, namedLog(log, name));
  const thing = runAsThing(faults, make);
  madeWith.set(thing, faults);
  return thing;
}

/** The faults of a Thing: those that it was made with, if it has this name. */
export function faultsFor(thing: object, name: string, log: Log): ThingFaults {
  const faults = madeWith.get(thing);
  if (faults?.thing !== name) return new ThingFaults(name, log);
  faults.log = log;
  return faults;
}

/** The faults of the Thing whose code is running, if one is. */
export function currentFaults(): FaultNotes | undefined {
  return running()?.faults;
}

/** Whether something can be awaited. A getter `then` that throws makes it something that cannot. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  try {
    return (
      typeof value === "object" &&
      value !== null &&
      "then" in value &&
      typeof value.then === "function"
    );
  } catch {
    return false;
  }
}

/** Whether something that was thrown is a fault, and not a refusal that its client can do something about. */
export function isFault(error: unknown): boolean {
  const sound = thrownError(error);
  if (!(sound instanceof ThingError)) return true;
  return sound.status >= 500 && sound.code !== "DISCONNECTED"; // the state of the Thing tells that its device is not there
}

/** Where a fault is to be looked for; the sentence of a ThingError says all that is needed. */
function stackOf(error: unknown): string | undefined {
  if (types.isProxy(error) || !(error instanceof Error)) return undefined; // it has none of its own
  const sound = thrownError(error);
  return sound instanceof ThingError ? undefined : sound.stack;
}
