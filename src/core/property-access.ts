import { promiseHooks } from "node:v8";
import type { TSchema } from "typebox";
import { delay } from "../base/abort.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { thrownError } from "../base/thrown.ts";
import type { PropertyAffordance } from "./affordances.ts";
import { DeviceCalls } from "./device-calls.ts";
import { LateWrites } from "./late-writes.ts";
import { classNameOf } from "./member-name.ts";
import { outgoing } from "./outgoing.ts";
import { isReadQuietly, readQuietly, runAsThing } from "./running.ts";
import type { Store } from "./setters.ts";
import type { Thing } from "./thing.ts";
import { isFault, isThenable, type ThingFaults } from "./thing-faults.ts";

type Members = Record<string, unknown>;

/** A property whose device takes longer has failed, unless it says how long that may take. */
export const WITHIN_MS = 10_000;
/** How long a write waits for what a setter leaves running: it may be meant to go on. */
const FLOATING_WITHIN_MS = 1000;

/** How the Thing is by now: it may have changed while its device was asked. */
interface Now {
  /** Why it cannot do something: nothing while it is open. */
  notOpen(what: string): ThingError | undefined;
  /** The schema that a property has, if it is there. */
  schemaOf(property: string): TSchema | undefined;
}

/** The values of one Thing's properties. What the Thing's code does here stays its own. */
export class PropertyAccess {
  readonly #thing: Thing;
  readonly #faults: ThingFaults;
  readonly #calls: DeviceCalls;
  readonly #now: Now;
  readonly #late: LateWrites;

  constructor(thing: Thing, faults: ThingFaults, now: Now) {
    this.#thing = thing;
    this.#faults = faults;
    this.#calls = new DeviceCalls(faults);
    this.#now = now;
    this.#late = new LateWrites((property, sentence) => faults.note(property, sentence));
  }

  /** Ends what waits for the device: the Thing closes. */
  endCalls(reason: unknown): void {
    this.#calls.end(reason);
    this.#late.forget();
  }

  /** Ends when a write of a property has that goes on although its time is up; undefined when none does. */
  lateWrite(property: string): Promise<void> | undefined {
    return this.#late.of(property);
  }

  /**
   * A copy of the value: reading changes nothing of the Thing's. A promise where the Thing gives one.
   * @param gone - Aborts when nobody wants it any more: then it rejects with that reason.
   * @throws {ThingError} Naming the property: `INVALID_OUTPUT` for a value that is not JSON or does not fit its schema;
   *   `PROPERTY_FAILED`, or the getter's own code, when the getter throws.
   */
  read(property: PropertyAffordance, gone?: AbortSignal): unknown {
    let value: unknown;
    try {
      value = this.valueOf(property, gone);
    } catch (error) {
      throw this.#failed(property, "read", error);
    }
    if (!isThenable(value)) return this.#fit(property, value);
    return value.then(
      (awaited) => this.#fit(property, awaited),
      (error) => {
        if (gone?.aborted) throw gone.reason;
        throw this.#failed(property, "read", error);
      },
    );
  }

  /**
   * What the property has, as it is; a promise, for as long as it may take, where the Thing gives one.
   * @throws what its getter does.
   */
  valueOf(property: PropertyAffordance, gone?: AbortSignal): unknown {
    const { member, getter, own, withinMs = WITHIN_MS } = property;
    if (own) return this.#calls.call((signal) => own.read(signal), withinMs, gone);
    if (getter !== undefined)
      return this.#calls.call((signal) => this.#call(getter, signal), withinMs, gone);
    const value = runAsThing(this.#faults, () => this.#members[member]);
    return isThenable(value) ? this.#calls.settled(value, withinMs, { gone }) : value;
  }

  /** The same with `read` or `valueOf`, for who tells or saves the value: what its code says of a change meanwhile is none. */
  quietly<T>({ name }: PropertyAffordance, ask: () => T): T {
    return readQuietly(this, name, ask);
  }

  /** Whether the caller is the code of this property, which is read quietly. */
  isReadQuietly({ name }: PropertyAffordance): boolean {
    return isReadQuietly(this, name);
  }

  /**
   * Sets the value; a promise where the Thing has to be waited for: 10 s, or `withinMs`, for `write` and the method that `set` names,
   * 1 s for what a setter leaves running.
   * @param store - How the member keeps a value that fits, if it is an accessor.
   * @throws {ThingError} Naming the property; `NOT_READY` for one whose device is asked while the Thing is not open.
   */
  set(property: PropertyAffordance, value: unknown, store?: Store): undefined | Promise<unknown> {
    const failed = (error: unknown): never => {
      throw this.#failed(property, "set", error);
    };
    const asks = property.own !== undefined || property.setter !== undefined;
    const notOpen = asks && this.#now.notOpen(`set property '${property.name}'`);
    if (notOpen) throw notOpen; // it closed while this write waited for others
    try {
      return this.assign(property, value, store)?.catch(failed);
    } catch (error) {
      return failed(error);
    }
  }

  /** The same. @throws what the setter does. */
  assign(
    property: PropertyAffordance,
    value: unknown,
    store?: Store,
  ): Promise<unknown> | undefined {
    return runAsThing(this.#faults, () =>
      store ? void store.call(this.#thing, value) : this.#assigned(property, value),
    );
  }

  get #members(): Members {
    return this.#thing as unknown as Members;
  }

  /** Limits may have moved while the device was asked: a value is no fault that fits either those or the present ones. */
  #fit({ name, member, schema }: PropertyAffordance, value: unknown): unknown {
    const className = classNameOf(this.#thing);
    const what = `Property '${name}' of Thing '${this.#faults.thing}' has a value`;
    const present = this.#now.schemaOf(name) ?? schema;
    try {
      return outgoing(value, { schema: present, before: schema, what, className });
    } catch (error) {
      this.#faults.note(member, messageOf(error), error);
      throw error;
    }
  }

  /**
   * The error with the property's name, noted unless it is a refusal that its client can do something about. What is not open
   * has nothing to read from: that is the reason then.
   */
  #failed({ name, member }: PropertyAffordance, verb: "read" | "set", thrown: unknown): ThingError {
    const error = thrownError(thrown);
    const notOpen = this.#now.notOpen(`${verb} property '${name}'`);
    if (notOpen) return notOpen;
    const what = `Property '${name}' of Thing '${this.#faults.thing}'`;
    const isNamed = error instanceof ThingError && error.message.startsWith(what);
    const named = isNamed
      ? error
      : new ThingError(
          error instanceof ThingError ? error.code : "PROPERTY_FAILED",
          `${what} could not be ${verb}: ${messageOf(error)}`,
          { cause: error, faults: error instanceof ThingError ? error.faults : [] },
        );
    if (isFault(error)) this.#faults.note(member, named.message, error);
    return named;
  }

  #assigned(property: PropertyAffordance, value: unknown): Promise<unknown> | undefined {
    const { member, setter, own } = property;
    if (own || setter !== undefined) return this.#asked(property, value);
    const floating = leftFloating(() => {
      this.#members[member] = value;
    });
    if (floating.length === 0) return undefined;
    return Promise.race([Promise.all(floating), delay(FLOATING_WITHIN_MS)]);
  }

  #asked(property: PropertyAffordance, value: unknown): Promise<unknown> | undefined {
    const { name, setter, own, withinMs = WITHIN_MS } = property;
    let asked: unknown;
    const ask = (signal: AbortSignal) => {
      asked =
        setter === undefined ? own?.write?.(value, signal) : this.#call(setter, value, signal);
      return asked;
    };
    const result = this.#calls.call(ask, withinMs);
    if (!isThenable(result)) return undefined;
    return Promise.resolve(result).catch((error) => {
      const isOpen = !this.#now.notOpen(`set property '${name}'`);
      if (isOpen && isThenable(asked)) this.#late.note(name, asked); // over at once, if that is what it said itself
      throw error;
    });
  }

  #call(name: string, ...inputs: unknown[]): unknown {
    const method = this.#members[name];
    return typeof method === "function" && method.apply(this.#thing, inputs);
  }
}

/**
 * Runs `work`, and gives the promises that it made and left to nobody: those of async functions that it called without waiting,
 * as a setter must.
 */
function leftFloating(work: () => void): Promise<unknown>[] {
  const floating = new Set<Promise<unknown>>();
  const stop = promiseHooks.onInit((promise, parent) => {
    if (parent) floating.delete(parent);
    else floating.add(promise);
  });
  try {
    work();
  } finally {
    stop();
  }
  return [...floating];
}
