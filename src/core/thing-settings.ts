import { asSentence, messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { asksDevice, type PropertyAffordance } from "./affordances.ts";
import { HardwareSettings } from "./hardware-settings.ts";
import { jsonCopy, NotJson } from "./json-value.ts";
import type { PropertyAccess } from "./property-access.ts";
import type { PropertyWrites, Written } from "./property-writes.ts";
import { accept } from "./schema.ts";
import { memberOf } from "./setters.ts";
import type { SettingsFile } from "./settings-file.ts";
import { SettingsSaves } from "./settings-saves.ts";
import type { Thing } from "./thing.ts";

/** What the settings of a Thing are made of. */
interface SettingsOptions {
  readonly name: string;
  readonly thing: Thing;
  /** Those that the Thing has now. */
  readonly properties: () => Iterable<PropertyAffordance>;
  readonly access: PropertyAccess;
  readonly writes: PropertyWrites;
  readonly file: SettingsFile;
  readonly log: Log;
  /** Makes sure that no other process writes into the folder. @throws {ThingError} `SETTINGS_IN_USE`. */
  readonly claimFolder: () => Promise<void>;
}

/**
 * The settings of one Thing, between its members and its file.
 *
 * A setting that is an accessor lives in the object: it has its saved value before `open`. One that is a getter with a
 * setter lives in the hardware, as one does that the Thing has added itself: its saved value is set after `open`, and it is
 * read no more once `close` begins. One that its device has to be asked for is read when somebody has set it, or it has changed.
 */
export class ThingSettings {
  readonly #options: SettingsOptions;
  /** Settings in the file that the Thing does not have: kept, for the version or the device that does. */
  #unknownSettings: Record<string, unknown> = {};
  /** The last good value of each setting, as JSON; also of those that the Thing has no more. */
  readonly #known = new Map<string, string>();
  /** What did not fit, or the hardware did not take, as JSON: it stays in the file until the setting is set. */
  readonly #refused = new Map<string, string>();
  /** Settings that may have another value than the last good one. */
  readonly #touched = new Set<string>();
  /** What the file holds, or stands for where it holds nothing: each value as JSON. */
  readonly #onDisk = new Map<string, string>();
  #isLoaded = false;
  /** Whether the file was edited since it was last read or written: observers do not know its values. */
  #isEdited = false;
  readonly #hardware: HardwareSettings;
  readonly #saves: SettingsSaves;
  #fault: string | undefined;

  constructor(options: SettingsOptions) {
    this.#options = options;
    this.#hardware = new HardwareSettings({
      present: () => this.#saved.filter((property) => this.#livesInHardware(property)),
      restore: (property) => this.#restoreInHardware(property),
      busy: (property) => options.writes.busy(property),
    });
    this.#saves = new SettingsSaves({
      ...{ name: options.name, log: options.log },
      mayNotSave: () => this.#mayNotSave,
      values: () => this.#values(),
      isOnDisk: (name, json) => json === this.#onDisk.get(name),
      write: (values) => this.#write(values),
    });
  }

  /** Whether there is anything to save. */
  get isNeeded(): boolean {
    return this.#saved.length > 0;
  }

  /**
   * Reads the settings file and sets what lives in the object. What does not fit is tried again once the Thing is open, and else
   * left at its default, with a warning, and kept in the file. A file that has not changed since it was last read or written is
   * not applied again.
   */
  async load(signal?: AbortSignal): Promise<void> {
    const { file } = this.#options;
    const before = file.text;
    const values = await file.load();
    signal?.throwIfAborted();
    this.#isEdited = this.#isLoaded && file.text !== before;
    if (!this.#isLoaded || this.#isEdited) await this.#take(values);
    for (const property of this.#saved) {
      if (!this.#livesInHardware(property) && !this.#refused.has(property.name))
        await this.#note(property);
    }
    this.#isLoaded = true;
  }

  /** Sets what lives in the hardware, now that it is open. */
  async attach(): Promise<void> {
    const isOpen = this.#hardware.begin();
    for (const property of this.#saved) {
      const refused = this.#refused.get(property.name);
      if (refused === undefined || this.#livesInHardware(property)) continue;
      const why = await this.#restore(property, JSON.parse(refused));
      if (why) this.#tellRefused(why);
    }
    await this.attachAdded();
    if (!isOpen()) return;
    for (const property of this.#saved)
      if (!asksDevice(property) && !this.#refused.has(property.name)) await this.#note(property);
  }

  /** The same for what the Thing has added since. */
  attachAdded(): Promise<void> {
    return this.#hardware.restore();
  }

  /** A setting may have another value now: what the hardware refused before is history. One that was taken is kept even if it is gone now. */
  touch(property: PropertyAffordance, written?: Written): void {
    const { name, saved } = property;
    if (!saved) return;
    if (written?.by === "client") this.#hardware.noteSet(name);
    if (this.#refused.delete(name)) this.#options.file.copyBeforeSave();
    this.#touched.add(name);
    if (written && this.#livesInHardware(property))
      this.#known.set(name, JSON.stringify(jsonCopy(written.value)));
  }

  /** The Thing has left its host: its file is that of the next one, whatever it still does. */
  end(): void {
    this.#isLoaded = false;
    this.#fault = undefined;
    this.#saves.end();
  }

  /** From now on the hardware is not asked any more. */
  detach(): void {
    this.#hardware.end();
  }

  /** Puts all settings on disk: see `SettingsSaves`. Before they have been loaded it does nothing: defaults must not overwrite them. */
  save(): Promise<void> {
    return this.#mayNotSave ? Promise.resolve() : this.#saves.save();
  }

  /** The same, when nobody waits for it. */
  saveLater(): void {
    this.save().catch(() => {}); // which is logged
  }

  /** Puts all settings on disk if one has changed since they were last read or written, whoever changed it. */
  saveIfChanged(): Promise<void> {
    return this.#mayNotSave ? Promise.resolve() : this.#saves.saveIfChanged();
  }

  /** Why they could not be saved, until they are. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Resolves when no save is under way. */
  idle(): Promise<void> {
    return this.#saves.idle();
  }

  get #mayNotSave(): boolean {
    return !this.#isLoaded || !this.isNeeded;
  }

  get #saved(): PropertyAffordance[] {
    return [...this.#options.properties()].filter(({ saved }) => saved);
  }

  async #take(values: Record<string, unknown>): Promise<void> {
    this.#unknownSettings = {};
    this.#refused.clear();
    const saved = new Map(this.#saved.map((property) => [property.name, property]));
    for (const [name, value] of Object.entries(values)) {
      const property = saved.get(name);
      if (!property) {
        this.#unknownSettings[name] = value;
        this.#known.delete(name);
      } else if (this.#livesInHardware(property)) this.#known.set(name, JSON.stringify(value));
      else await this.#restore(property, value); // `attach` tries again, when limits have moved, and tells
    }
  }

  async #restoreInHardware(property: PropertyAffordance): Promise<void> {
    const { name } = property;
    if (Object.hasOwn(this.#unknownSettings, name)) {
      this.#known.set(name, JSON.stringify(this.#unknownSettings[name]));
      delete this.#unknownSettings[name];
    }
    const known = this.#refused.get(name) ?? this.#known.get(name);
    if (known === undefined) return;
    const why = await this.#restore(property, JSON.parse(known));
    if (why) this.#tellRefused(why);
  }

  /** @returns A sentence when it was not taken. */
  async #restore(property: PropertyAffordance, value: unknown): Promise<string | undefined> {
    const { name, schema } = property;
    const called = this.#called(name);
    this.#refused.delete(name);
    try {
      const by = this.#isEdited ? "edited settings" : "settings";
      await this.#options.writes.write(property, accept(schema, value, called), by);
      return undefined;
    } catch (error) {
      this.#known.delete(name);
      const json = JSON.stringify(value);
      this.#refused.set(name, json);
      this.#onDisk.set(name, json);
      const why = messageOf(error);
      return asSentence(why.includes(`'${name}'`) ? why : `${called} was not set: ${why}`);
    }
  }

  #tellRefused(why: string): void {
    const { log, file } = this.#options;
    log.warn(
      `${why} It keeps its default. The saved value stays in ${file.path} until the setting is set; a copy of the file is kept then.`,
    );
  }

  /** What a setting has as it was loaded, or set in the hardware, is no news to the file. */
  async #note(property: PropertyAffordance): Promise<void> {
    try {
      const json = await this.#read(property);
      if (json !== undefined) this.#onDisk.set(property.name, json);
    } catch (error) {
      if (error instanceof NotJson) return; // which is told when it is read, or saved
      const { log } = this.#options;
      log.warn(`${this.#called(property.name)} cannot be read: ${messageOf(error)}`);
    }
  }

  /** Each setting as JSON. One that cannot be read, or written as JSON, has its last good value: the others are saved all the same. */
  async #values(): Promise<Map<string, string>> {
    const values = new Map(this.#known); // also of what the Thing has no more
    for (const property of this.#saved) {
      const json = await this.#jsonOf(property);
      if (json !== undefined) values.set(property.name, json);
    }
    return values;
  }

  async #jsonOf(property: PropertyAffordance): Promise<string | undefined> {
    const { name } = property;
    const refused = this.#refused.get(name);
    if (refused !== undefined) return refused;
    const lastGood = this.#known.get(name);
    if (this.#livesInHardware(property) && !this.#hardware.has(name)) return lastGood;
    if (asksDevice(property) && !this.#touched.has(name)) return lastGood;
    try {
      return await this.#read(property);
    } catch (error) {
      this.#touched.add(name);
      const why =
        error instanceof NotJson
          ? `JSON cannot hold it: ${error.message}`
          : `it cannot be read: ${messageOf(error)}`;
      this.#options.log.warn(
        `${this.#called(name)} is saved with its last good value, because ${why}`,
      );
      return this.#known.get(name);
    }
  }

  /** @throws {NotJson} for what JSON would hold as something else, NaN as `null`. */
  async #read(property: PropertyAffordance): Promise<string | undefined> {
    const { name } = property;
    this.#touched.delete(name);
    const { access } = this.#options;
    const value = await access.quietly(property, () => access.valueOf(property));
    const json = JSON.stringify(jsonCopy(value));
    if (this.#touched.has(name)) return this.#known.get(name); // written since it was asked
    if (json !== undefined) this.#known.set(name, json);
    return json;
  }

  async #write(values: ReadonlyMap<string, string>): Promise<void> {
    const own = Object.fromEntries([...values].map(([name, json]) => [name, JSON.parse(json)]));
    try {
      await this.#options.claimFolder();
      await this.#options.file.save({ ...this.#unknownSettings, ...own });
      this.#fault = undefined;
    } catch (error) {
      this.#fault = messageOf(error);
      throw error;
    }
    for (const [name, json] of values) this.#onDisk.set(name, json);
  }

  #livesInHardware({ member, resettable, own }: PropertyAffordance): boolean {
    if (own) return true;
    return !resettable && memberOf(this.#options.thing, member)?.descriptor.get !== undefined;
  }

  #called(name: string): string {
    return `Setting '${name}' of Thing '${this.#options.name}'`;
  }
}
