import { action, event, property, setting } from "../core/decorators.ts";
import { ThingEvent } from "../core/event.ts";
import { Thing } from "../core/thing.ts";
import { Anything, type Fault, misbehave } from "./fault.ts";
import { injectFault } from "./inject-fault.ts";

/**
 * A Thing with one of everything and one fault, for tests of hosts, servers and clients:
 * `class: thingscope/testing:FaultyThing` with `kwargs: {at: getter, kind: throws}`. Its schemas accept every value, so that
 * what it gives gets as far as it can.
 */
export class FaultyThing extends Thing {
  static override readonly title = "Faulty Thing";
  static override readonly description = "Has one fault, for tests.";
  #reading: unknown = 1;
  #kept: unknown = 1;

  @event("Something happened", Anything)
  readonly happened = new ThingEvent<unknown>();

  /** @throws when its fault is to throw in the constructor. */
  constructor(fault?: Partial<Fault>) {
    super();
    const { at, kind } = fault ?? {};
    if (!at || !kind) return;
    if (at === "constructor") this.#reading = misbehave({ ...fault, kind });
    else injectFault(this, { ...fault, at, kind });
  }

  @property("What it measures", Anything, { observable: true })
  get reading(): unknown {
    return this.#reading;
  }

  set reading(value: unknown) {
    this.#reading = value;
  }

  @setting("What is saved on disk", Anything)
  get kept(): unknown {
    return this.#kept;
  }

  set kept(value: unknown) {
    this.#kept = value;
  }

  @action("Does what it can", { output: Anything })
  async act(): Promise<unknown> {
    return "done";
  }

  @action(
    "Announces changes of its properties and emits its event: at once, and from callbacks as a driver does",
  )
  async stir(): Promise<void> {
    const deeds = [
      () => this.changed("reading"),
      () => this.changed("kept"),
      () => this.happened.emit("stirred"),
    ];
    for (const deed of deeds) setImmediate(deed);
    for (const deed of deeds) deed();
  }
}
