import type { PropertyAffordance } from "./affordances.ts";

interface HardwareOptions {
  /** The settings that live in the hardware, of those that the Thing has now. */
  readonly present: () => readonly PropertyAffordance[];
  /** Sets one to its saved value. Never rejects. */
  readonly restore: (property: PropertyAffordance) => Promise<void>;
  /** Ends when the writes of a property that are under way have; undefined when none is. */
  readonly busy: (property: string) => Promise<unknown> | undefined;
}

/** Which settings that live in the hardware have been set there since the Thing opened: one after the other, whenever they come. */
export class HardwareSettings {
  readonly #options: HardwareOptions;
  /** Which it has; none when it is not asked. */
  #restored: Set<string> | undefined;
  /** By clients, which is newer than what is saved. */
  readonly #set = new Set<string>();
  /** Ends when all of them have been set. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: HardwareOptions) {
    this.#options = options;
  }

  /** The hardware is open. @returns Whether it still is, without a pause. */
  begin(): () => boolean {
    const restored = new Set<string>();
    this.#restored = restored;
    this.#set.clear();
    return () => this.#restored === restored;
  }

  /** From now on the hardware is not asked any more. */
  end(): void {
    this.#restored = undefined;
  }

  has(name: string): boolean {
    return this.#restored?.has(name) ?? false;
  }

  /** A client has set it. */
  noteSet(name: string): void {
    this.#set.add(name);
  }

  /** Sets what has not been set yet, while the hardware is open. What is set may bring further ones with it. */
  restore(): Promise<void> {
    const restored = this.#restored;
    if (!restored) return Promise.resolve();
    const { present, restore, busy } = this.#options;
    const names = new Set(present().map(({ name }) => name));
    for (const known of [restored, this.#set])
      for (const name of known) if (!names.has(name)) known.delete(name);
    const missing = () => present().find(({ name }) => !restored.has(name));
    this.#turn = this.#turn.then(async () => {
      for (let next = missing(); next && this.#restored === restored; next = missing()) {
        const { name } = next;
        for (let writes = busy(name); writes; writes = busy(name)) await writes;
        if (!this.#set.has(name)) await restore(next);
        restored.add(name);
      }
    });
    return this.#turn;
  }
}
