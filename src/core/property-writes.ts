import { within } from "../base/abort.ts";
import { ThingError, unknownAffordance } from "../base/errors.ts";
import { countedLimit } from "../base/limit-hits.ts";
import type { PropertyAffordance } from "./affordances.ts";
import { stillUnderWay } from "./late-writes.ts";
import { type PropertyAccess, WITHIN_MS } from "./property-access.ts";
import type { PropertyObservers, Told } from "./property-observers.ts";
import { accept } from "./schema.ts";
import { type Store, storeOf } from "./setters.ts";
import { Thing } from "./thing.ts";
import { WantedValues } from "./wanted-values.ts";

export type WriteBy = "client" | "settings" | "edited settings";

/** What a property was set to, and by whom. */
export interface Written {
  readonly by: WriteBy;
  readonly value: unknown;
}

/** Names of properties that others have written since it began. */
export type WriteWatch = Set<string>;

/** A write that has begun and not ended. */
interface Write {
  readonly property: PropertyAffordance;
  /** By somebody who waits until it is saved; out of the settings file, as it was or since it was edited. */
  readonly by: WriteBy;
  /** How the member keeps the value, when no code of the Thing is asked. */
  readonly store: Store | undefined;
  /** What observers were told of the property since it began: the Thing's code may say itself that it has changed. */
  told?: Told;
}

/** To one property while its device is busy with another. */
const MOST_WAITING = 100;
const waitingWrites = countedLimit("waiting_writes");

/** The writes of one property that the device has been asked for, and those behind them. */
interface Turn {
  /** Ends when the last of them has, whatever came of it. */
  last: Promise<unknown>;
  waiting: number;
}

interface WritesOptions {
  /** Its name in the host. */
  readonly name: string;
  readonly thing: Thing;
  readonly access: PropertyAccess;
  readonly observers: PropertyObservers;
  /** Those that the Thing has now. */
  readonly properties: () => ReadonlyMap<string, PropertyAffordance>;
  /** Called when a setting may have another value than the one that was read last. */
  readonly onTouched: (property: PropertyAffordance, written?: Written) => void;
  /** Puts the settings on disk, and nobody waits for it. */
  readonly saveLater: () => void;
}

/** The one way of all writes into a Thing: a value that fits is set once, and observers are told once. */
export class PropertyWrites {
  readonly #options: WritesOptions;
  readonly #ongoing = new Set<Write>();
  readonly #watches = new Set<WriteWatch>();
  /** By name of the property, while there are some. */
  readonly #turns = new Map<string, Turn>();

  constructor(options: WritesOptions) {
    this.#options = options;
  }

  /**
   * Sets a property and tells its observers; a promise where the Thing has to be waited for. Writes of one property that a device
   * takes time for follow one another. The writer saves, or has read what was saved.
   * @param value - Fits the schema, and is nobody else's. Where the schema has moved since, it is looked at again.
   * @param watch - The writer's own, which does not note it.
   * @throws {ThingError} as `PropertyAccess.set` does, for a client; else what the Thing itself throws. `TOO_BUSY` when too many wait;
   *   `INVALID_INPUT`, `READ_ONLY` and `UNKNOWN_AFFORDANCE` for what has changed meanwhile.
   */
  write(
    property: PropertyAffordance,
    value: unknown,
    by: WriteBy,
    watch?: WriteWatch,
  ): undefined | Promise<void> {
    for (const other of this.#watches) if (other !== watch) other.add(property.name);
    const turn = this.#turnOf(property);
    if (!turn) return this.#noted(property, this.#write(property, value, by));
    if (turn.waiting >= MOST_WAITING) throw this.#tooMany(property);
    turn.waiting += 1;
    const since = performance.now();
    const written = turn.last
      .then(() => this.#behindLate(property, since))
      .finally(() => {
        turn.waiting -= 1;
      })
      .then(() => this.#write(property, value, by));
    return this.#noted(property, written);
  }

  /** Calls `work` with the names of the properties that others write meanwhile. */
  async watching<T>(work: (watch: WriteWatch) => Promise<T>): Promise<T> {
    const watch = new Set<string>();
    this.#watches.add(watch);
    try {
      return await work(watch);
    } finally {
      this.#watches.delete(watch);
    }
  }

  /** New values for several properties. @throws {ThingError} as `WantedValues` does. */
  wanted(values: unknown): WantedValues {
    const { name, thing, properties } = this.#options;
    const hearsChanges = thing.changed !== Thing.prototype.changed;
    // Keeping a value moves nothing; code of the Thing may do anything.
    const mayMoveLimits = (property: PropertyAffordance) =>
      hearsChanges || this.#storeOf(property) === undefined;
    return new WantedValues(values, { thing: name, properties, mayMoveLimits });
  }

  #storeOf({ own, setter, member }: PropertyAffordance): Store | undefined {
    return own !== undefined || setter !== undefined
      ? undefined
      : storeOf(this.#options.thing, member);
  }

  /** Ends when the writes of a property that are under way have; undefined when none is. */
  busy(name: string): Promise<unknown> | undefined {
    return this.#turns.get(name)?.last;
  }

  /** Undefined when nothing has to be waited for. */
  #turnOf({ name }: PropertyAffordance): Turn | undefined {
    const turn = this.#turns.get(name);
    if (turn || !this.#options.access.lateWrite(name)) return turn;
    const begun = { last: Promise.resolve(), waiting: 0 };
    this.#turns.set(name, begun);
    return begun;
  }

  /** @throws {ThingError} `NOT_READY` when an earlier write goes on for longer than this one may take. */
  async #behindLate({ name, withinMs = WITHIN_MS }: PropertyAffordance, since: number) {
    const late = this.#options.access.lateWrite(name);
    const left = Math.max(0, since + withinMs - performance.now());
    if (late) await within(late, left, () => stillUnderWay(name, this.#options.name));
  }

  /** Others wait while this one lasts. */
  #noted({ name }: PropertyAffordance, written: undefined | Promise<void>): typeof written {
    if (!written) return undefined;
    const turn = this.#turns.get(name) ?? { waiting: 0, last: written };
    const last = written.then(
      () => {},
      () => {},
    ); // its writer is told
    turn.last = last;
    this.#turns.set(name, turn);
    void last.then(() => turn.last === last && this.#turns.delete(name));
    return written;
  }

  #write(asked: PropertyAffordance, given: unknown, by: WriteBy): undefined | Promise<void> {
    const { property, value } = this.#present(asked, given);
    const store = this.#storeOf(property);
    const write: Write = { property, by, store };
    const failed = (error: unknown): never => this.#failed(write, error);
    this.#ongoing.add(write);
    try {
      const { access } = this.#options;
      const set = by === "client" ? access.set : access.assign;
      const waited = set.call(access, property, value, store);
      if (waited) return waited.then(() => this.#done(write, value), failed);
    } catch (error) {
      failed(error);
    }
    this.#done(write, value);
    return undefined;
  }

  /** The property as it is now: a device that has taken another value may have moved its limits, or be another one. */
  #present(asked: PropertyAffordance, value: unknown) {
    const { name, properties } = this.#options;
    const property = properties().get(asked.name);
    if (!property) throw unknownAffordance(name, "property", asked.name, properties().keys());
    const what = `Property '${asked.name}' of Thing '${name}'`;
    if (property.readOnly && !asked.readOnly)
      throw new ThingError("READ_ONLY", `${what} is read-only now.`);
    if (property.schema === asked.schema) return { property, value };
    return { property, value: accept(property.schema, value, what) };
  }

  #tooMany({ name }: PropertyAffordance): ThingError {
    waitingWrites.hit();
    return new ThingError(
      "TOO_BUSY",
      `Property '${name}' of Thing '${this.#options.name}' was not set: ${MOST_WAITING} writes wait for its device already, which is the limit. Wait for the answer to one before you send the next.`,
    );
  }

  /** The Thing's own code has set a property, or says that it has changed: observers are told, and a setting is saved. */
  changed(property: PropertyAffordance): void {
    const ongoing = [...this.#ongoing].filter((write) => write.property.name === property.name);
    if (ongoing.some(({ by }) => by !== "client")) return; // nobody has changed what is restored
    const told = property.observable ? this.#options.observers.tell(property) : {};
    for (const write of ongoing) write.told = told;
    this.#options.onTouched(property);
    if (property.saved && ongoing.length === 0) this.#options.saveLater();
  }

  /** The Thing's code may have said itself that the property has changed; a setter of its own may have done so too early. */
  #done(write: Write, value: unknown): void {
    this.#ongoing.delete(write);
    const { property, by, store, told } = write;
    this.#options.onTouched(property, { by, value });
    if (by !== "settings" && property.observable && !(store && told))
      this.#options.observers.tell(property, told);
  }

  /** What a setter had done and told before it failed is what the Thing has now. */
  #failed(write: Write, error: unknown): never {
    this.#ongoing.delete(write);
    if (write.told && write.property.saved) this.#options.saveLater();
    throw error;
  }
}
