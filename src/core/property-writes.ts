import type { PropertyAffordance } from "./affordances.ts";
import type { PropertyAccess } from "./property-access.ts";
import type { PropertyObservers, Told } from "./property-observers.ts";
import { type Store, storeOf } from "./setters.ts";
import type { Thing } from "./thing.ts";

/** A write that has begun and not ended. */
interface Write {
  readonly property: PropertyAffordance;
  /** By somebody who waits until it is saved; out of the settings file, as it was or since it was edited. */
  readonly by: "client" | "settings" | "edited settings";
  /** How the member keeps the value, when no code of the Thing is asked. */
  readonly store: Store | undefined;
  /** What observers were told of the property since it began: the Thing's code may say itself that it has changed. */
  told?: Told;
}

/** The one way of all writes into a Thing: a value that fits is set once, and observers are told once. */
export class PropertyWrites {
  readonly #thing: Thing;
  readonly #access: PropertyAccess;
  readonly #observers: PropertyObservers;
  readonly #saveLater: () => void;
  readonly #ongoing = new Set<Write>();

  /** @param saveLater - Puts the settings on disk, and nobody waits for it. */
  constructor(
    thing: Thing,
    access: PropertyAccess,
    observers: PropertyObservers,
    saveLater: () => void,
  ) {
    this.#thing = thing;
    this.#access = access;
    this.#observers = observers;
    this.#saveLater = saveLater;
  }

  /**
   * Sets a property and tells its observers; a promise where the Thing has to be waited for. The writer saves, or has read what was saved.
   * @param value - Fits the schema, and is nobody else's.
   * @throws {ThingError} as `PropertyAccess.set` does, for a client; else what the Thing itself throws.
   */
  write(property: PropertyAffordance, value: unknown, by: Write["by"]): undefined | Promise<void> {
    const store = property.setter === undefined ? storeOf(this.#thing, property.member) : undefined;
    const write: Write = { property, by, store };
    const failed = (error: unknown): never => this.#failed(write, error);
    this.#ongoing.add(write);
    try {
      const set = by === "client" ? this.#access.set : this.#access.assign;
      const waited = set.call(this.#access, property, value, store);
      if (waited) return waited.then(() => this.#done(write), failed);
    } catch (error) {
      failed(error);
    }
    this.#done(write);
    return undefined;
  }

  /** The Thing's own code has set a property, or says that it has changed: observers are told, and a setting is saved. */
  changed(property: PropertyAffordance): void {
    const ongoing = [...this.#ongoing].filter((write) => write.property === property);
    if (ongoing.some(({ by }) => by !== "client")) return; // nobody has changed what is restored
    const told = property.observable ? this.#observers.tell(property) : {};
    for (const write of ongoing) write.told = told;
    if (property.saved && ongoing.length === 0) this.#saveLater();
  }

  /** The Thing's code may have said itself that the property has changed; a setter of its own may have done so too early. */
  #done(write: Write): void {
    this.#ongoing.delete(write);
    const { property, by, store, told } = write;
    if (by !== "settings" && property.observable && !(store && told))
      this.#observers.tell(property, told);
  }

  /** What a setter had done and told before it failed is what the Thing has now. */
  #failed(write: Write, error: unknown): never {
    this.#ongoing.delete(write);
    if (write.told && write.property.saved) this.#saveLater();
    throw error;
  }
}
