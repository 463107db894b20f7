import { promiseHooks } from "node:v8";
import { delay, within } from "../base/abort.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { thrownError } from "../base/thrown.ts";
import type { PropertyAffordance } from "./affordances.ts";
import { classNameOf } from "./member-name.ts";
import { outgoing } from "./outgoing.ts";
import { runAsThing } from "./running.ts";
import type { Store } from "./setters.ts";
import type { Thing } from "./thing.ts";
import { isFault, isThenable, type ThingFaults } from "./thing-faults.ts";

type Members = Record<string, unknown>;

/** A getter or setter that waits for its device longer than this has failed. */
const WITHIN_MS = 10_000;
/** How long a write waits for what a setter leaves running: it may be meant to go on. */
const FLOATING_WITHIN_MS = 1000;

/** The values of one Thing's properties. What the Thing's code does here stays its own. */
export class PropertyAccess {
  readonly #thing: Thing;
  readonly #faults: ThingFaults;
  readonly #notOpen: (what: string) => ThingError | undefined;

  /** @param notOpen - Why the Thing cannot do something: nothing while it is open. */
  constructor(
    thing: Thing,
    faults: ThingFaults,
    notOpen: (what: string) => ThingError | undefined,
  ) {
    this.#thing = thing;
    this.#faults = faults;
    this.#notOpen = notOpen;
  }

  /**
   * A copy of the value: reading changes nothing of the Thing's. A promise where the getter gives one.
   * @throws {ThingError} Naming the property: `INVALID_OUTPUT` for a value that is not JSON or does not fit its schema;
   *   `PROPERTY_FAILED`, or the getter's own code, when the getter throws.
   */
  read(property: PropertyAffordance): unknown {
    let value: unknown;
    try {
      value = this.valueOf(property);
    } catch (error) {
      throw this.#failed(property, "read", error);
    }
    if (!isThenable(value)) return this.#fit(property, value);
    return value.then(
      (awaited) => this.#fit(property, awaited),
      (error) => {
        throw this.#failed(property, "read", error);
      },
    );
  }

  /** What the member has, as it is; a promise, for 10 s at most, where the getter gives one. @throws what the getter does. */
  valueOf({ member }: PropertyAffordance): unknown {
    const value = runAsThing(this.#faults, () => this.#members[member]);
    return isThenable(value) ? this.#inTime(value) : value;
  }

  /**
   * Sets the value; a promise where the Thing has to be waited for: 10 s for the method that `set` names, 1 s for what a setter leaves
   * running.
   * @param store - How the member keeps a value that fits, if it is an accessor.
   * @throws {ThingError} Naming the property.
   */
  set(property: PropertyAffordance, value: unknown, store?: Store): undefined | Promise<unknown> {
    const failed = (error: unknown): never => {
      throw this.#failed(property, "set", error);
    };
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

  #fit({ name, member, schema }: PropertyAffordance, value: unknown): unknown {
    const className = classNameOf(this.#thing);
    const what = `Property '${name}' of Thing '${this.#faults.thing}' has a value`;
    try {
      return outgoing(value, { schema, what, className });
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
    const notOpen = this.#notOpen(`${verb} property '${name}'`);
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

  #assigned({ member, setter }: PropertyAffordance, value: unknown): Promise<unknown> | undefined {
    if (setter !== undefined) {
      const method = this.#members[setter];
      const result: unknown = typeof method === "function" && method.call(this.#thing, value);
      return isThenable(result) ? this.#inTime(result) : undefined;
    }
    const floating = leftFloating(() => {
      this.#members[member] = value;
    });
    if (floating.length === 0) return undefined;
    return Promise.race([Promise.all(floating), delay(FLOATING_WITHIN_MS)]);
  }

  #inTime(promise: PromiseLike<unknown>): Promise<unknown> {
    const late = () =>
      new ThingError("NOT_READY", `It did not answer within ${WITHIN_MS / 1000} s.`);
    return within(Promise.resolve(promise), WITHIN_MS, late);
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
