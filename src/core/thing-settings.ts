import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { PropertyAffordance } from "./affordances.ts";
import { accept } from "./schema.ts";
import type { SettingsFile } from "./settings-file.ts";
import type { ThingModel } from "./thing-model.ts";

/**
 * The settings of one Thing, between its members and its file.
 *
 * A setting that is an accessor lives in the object: it has its saved value before `open`. One that is a getter with a
 * setter lives in the hardware: its saved value is set after `open`, and it is read no more once `close` begins.
 */
export class ThingSettings {
  readonly #name: string;
  readonly #members: Record<string, unknown>;
  readonly #saved: readonly PropertyAffordance[];
  readonly #file: SettingsFile;
  readonly #log: Log;
  /** Settings in the file that the class does not know: kept, for the version that does. */
  #unknownSettings: Record<string, unknown> = {};
  /** The last good value of each setting. */
  readonly #known = new Map<string, unknown>();
  /** What the file holds, or stands for where it holds nothing: each value as JSON. */
  readonly #onDisk = new Map<string, string>();
  #isLoaded = false;
  #isLoading = false;
  #isAttached = false;

  constructor(
    { name, thing, model }: { name: string; thing: object; model: ThingModel },
    file: SettingsFile,
    log: Log,
  ) {
    this.#name = name;
    this.#members = thing as Record<string, unknown>;
    this.#saved = [...model.properties.values()].filter(({ saved }) => saved);
    this.#file = file;
    this.#log = log;
  }

  /** Whether the Thing has what its file holds. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Whether values are being given to the Thing just now: nobody has changed them. */
  get isLoading(): boolean {
    return this.#isLoading;
  }

  /**
   * Reads the settings file and sets what lives in the object. What does not fit is left at its default, with a
   * warning, and kept in a copy of the file. A file that has not changed since it was last read or written is not
   * applied again.
   */
  async load(signal?: AbortSignal): Promise<void> {
    const before = this.#file.text;
    const values = await this.#file.load();
    signal?.throwIfAborted();
    if (!this.#isLoaded || this.#file.text !== before) this.#take(values);
    for (const property of this.#saved) {
      if (!this.#livesInHardware(property)) this.#note(property, this.#members[property.member]);
    }
    this.#isLoaded = true;
  }

  /** Sets what lives in the hardware, now that it is open. */
  async attach(): Promise<void> {
    this.#isAttached = true;
    const inHardware = this.#saved.filter((property) => this.#livesInHardware(property));
    for (const property of inHardware) {
      if (this.#known.has(property.name)) this.#set(property, this.#known.get(property.name));
    }
    for (const property of inHardware) {
      try {
        this.#note(property, await this.#members[property.member]);
      } catch (error) {
        this.#log.warn(`${this.#called(property.name)} cannot be read: ${messageOf(error)}`);
      }
    }
  }

  /** From now on the hardware is not asked any more. */
  detach(): void {
    this.#isAttached = false;
  }

  /** Puts all settings on disk. Before they have been loaded it does nothing: defaults must not overwrite them. */
  async save(): Promise<void> {
    if (this.#isLoaded && this.#saved.length > 0) await this.#write(await this.#values());
  }

  /** Puts all settings on disk if one has changed since they were last read or written, whoever changed it. */
  async saveIfChanged(): Promise<void> {
    if (!this.#isLoaded || this.#saved.length === 0) return;
    const values = await this.#values();
    const changed = [...values].some(([name, json]) => json !== this.#onDisk.get(name));
    if (changed) await this.#write(values);
  }

  /** Resolves when no save is under way. */
  async idle(): Promise<void> {
    await this.#file.idle();
  }

  #take(values: Record<string, unknown>): void {
    this.#unknownSettings = {};
    this.#isLoading = true;
    for (const [name, value] of Object.entries(values)) {
      const property = this.#saved.find((one) => one.name === name);
      if (!property) this.#unknownSettings[name] = value;
      else if (this.#livesInHardware(property)) this.#known.set(name, value);
      else this.#set(property, value);
    }
    this.#isLoading = false;
  }

  #set({ name, member, schema }: PropertyAffordance, value: unknown): void {
    const outer = this.#isLoading;
    this.#isLoading = true;
    try {
      this.#members[member] = accept(schema, value, this.#called(name));
    } catch (error) {
      this.#known.delete(name);
      const why = messageOf(error);
      const said = why.includes(`'${name}'`) ? why : `${this.#called(name)} was not set: ${why}`;
      this.#log.warn(
        `${said} It keeps its default. When settings are next saved, the file that has the refused value is kept as ${this.#file.copyBeforeSave()}.`,
      );
    } finally {
      this.#isLoading = outer;
    }
  }

  #note({ name }: PropertyAffordance, value: unknown): void {
    const json = JSON.stringify(value);
    if (json === undefined) return;
    this.#known.set(name, value);
    this.#onDisk.set(name, json);
  }

  /** Each setting as JSON. One that cannot be read, or written as JSON, has its last good value: the others are saved all the same. */
  async #values(): Promise<Map<string, string>> {
    const values = new Map<string, string>();
    for (const property of this.#saved) {
      const json = await this.#jsonOf(property);
      if (json !== undefined) values.set(property.name, json);
    }
    return values;
  }

  async #jsonOf(property: PropertyAffordance): Promise<string | undefined> {
    const { name, member } = property;
    const lastGood = () => JSON.stringify(this.#known.get(name));
    if (this.#livesInHardware(property) && !this.#isAttached) return lastGood();
    try {
      const value = await this.#members[member];
      const json = JSON.stringify(value);
      if (json !== undefined) this.#known.set(name, value);
      return json;
    } catch (error) {
      this.#log.warn(
        `${this.#called(name)} is saved with its last good value, because it cannot be read: ${messageOf(error)}`,
      );
      return lastGood();
    }
  }

  async #write(values: ReadonlyMap<string, string>): Promise<void> {
    const own = Object.fromEntries([...values].map(([name, json]) => [name, JSON.parse(json)]));
    await this.#file.save({ ...this.#unknownSettings, ...own });
    for (const [name, json] of values) this.#onDisk.set(name, json);
  }

  #livesInHardware({ member, resettable }: PropertyAffordance): boolean {
    return !resettable && descriptorOf(this.#members, member)?.get !== undefined;
  }

  #called(name: string): string {
    return `Setting '${name}' of Thing '${this.#name}'`;
  }
}

function descriptorOf(object: object | null, member: string): PropertyDescriptor | undefined {
  for (let at = object; at !== null; at = Object.getPrototypeOf(at)) {
    const own = Object.getOwnPropertyDescriptor(at, member);
    if (own) return own;
  }
  return undefined;
}
