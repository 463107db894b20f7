import { delay, within } from "../base/abort.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { thrownError } from "../base/thrown.ts";
import type { PropertyAffordance } from "./affordances.ts";
import { classNameOf } from "./class-name.ts";
import { leftFloating } from "./floating-promises.ts";
import { outgoing } from "./outgoing.ts";
import { runAsThing } from "./running.ts";
import type { Thing } from "./thing.ts";
import { isFault, isThenable, type ThingFaults } from "./thing-faults.ts";

type Members = Record<string, unknown>;
type ChangeListener = (name: string, value: unknown) => void;
type FaultListener = (name: string, problem: ThingError) => void;

/** A getter or setter that waits for its device longer than this has failed. */
const WITHIN_MS = 10_000;
/** How long a write waits for what a setter leaves running: it may be meant to go on. */
const FLOATING_WITHIN_MS = 1000;

/** The values of one Thing's properties, and who is told of them. What the Thing's code does here stays its own. */
export class PropertyAccess {
  readonly #thing: Thing;
  readonly #faults: ThingFaults;
  readonly #notOpen: (what: string) => ThingError | undefined;
  readonly #changeListeners = new Set<ChangeListener>();
  readonly #faultListeners = new Set<FaultListener>();
  /** Being read by `changed`. */
  readonly #reading = new Set<string>();

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
      value = runAsThing(this.#faults, () => this.#members[property.member]);
    } catch (error) {
      throw this.#failed(property, "read", error);
    }
    if (!isThenable(value)) return this.#fit(property, value);
    return this.#inTime(value).then(
      (awaited) => this.#fit(property, awaited),
      (error) => {
        throw this.#failed(property, "read", error);
      },
    );
  }

  /**
   * Sets the value; a promise where the Thing has to be waited for: 10 s for the method that `set` names, 1 s for what a setter leaves
   * running.
   * @throws {ThingError} Naming the property.
   */
  set(property: PropertyAffordance, value: unknown): void | Promise<void> {
    let waited: Promise<unknown> | undefined;
    try {
      waited = runAsThing(this.#faults, () => this.#assigned(property, value));
    } catch (error) {
      throw this.#failed(property, "set", error);
    }
    return waited?.then(
      () => undefined,
      (error) => {
        throw this.#failed(property, "set", error);
      },
    );
  }

  /** Tells observers the value that a property has now, or what keeps it from being read. Never throws. */
  tell(property: PropertyAffordance): void {
    const { name } = property;
    if (this.#reading.has(name)) return; // a getter that announces itself
    this.#reading.add(name);
    try {
      const value = this.read(property);
      this.#reading.delete(name);
      if (!isThenable(value)) this.#tellValue(property, value);
      else
        value.then(
          (awaited) => this.#tellValue(property, awaited),
          (error) => this.#tellFault(property, error),
        );
    } catch (error) {
      this.#reading.delete(name);
      this.#tellFault(property, error);
    }
  }

  /** Calls `listener` at each change of an observable property. */
  onChange(listener: ChangeListener): () => void {
    this.#changeListeners.add(listener);
    return () => void this.#changeListeners.delete(listener);
  }

  /** Calls `listener` whenever an observable property has changed and cannot be read. */
  onFault(listener: FaultListener): () => void {
    this.#faultListeners.add(listener);
    return () => void this.#faultListeners.delete(listener);
  }

  get #members(): Members {
    return this.#thing as unknown as Members;
  }

  #tellValue({ name, member }: PropertyAffordance, value: unknown): void {
    this.#faults.tell(member, this.#changeListeners, name, value);
  }

  #tellFault({ name, member }: PropertyAffordance, error: unknown): void {
    const problem =
      error instanceof ThingError ? error : new ThingError("PROPERTY_FAILED", messageOf(error));
    this.#faults.tell(member, this.#faultListeners, name, problem);
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
      new ThingError("NOT_READY", `It has not answered for ${WITHIN_MS / 1000} s.`);
    return within(Promise.resolve(promise), WITHIN_MS, late);
  }
}
