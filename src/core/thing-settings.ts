import { setImmediate as nextTurn } from "node:timers/promises";
import { asSentence, messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { systemTimers } from "../base/timers.ts";
import type { PropertyAffordance } from "./affordances.ts";
import { jsonCopy, NotJson } from "./json-value.ts";
import type { PropertyAccess } from "./property-access.ts";
import type { PropertyWrites } from "./property-writes.ts";
import { accept } from "./schema.ts";
import { memberOf } from "./setters.ts";
import type { SettingsFile } from "./settings-file.ts";
import type { Thing } from "./thing.ts";

/** Between a save that has failed and the next attempt, ms. */
const RETRY_MS = 2000;

/** What the settings of a Thing are made of. */
interface SettingsOptions {
  readonly name: string;
  readonly thing: Thing;
  readonly properties: Iterable<PropertyAffordance>;
  readonly access: PropertyAccess;
  readonly writes: PropertyWrites;
  readonly file: SettingsFile;
  readonly log: Log;
}

/**
 * The settings of one Thing, between its members and its file.
 *
 * A setting that is an accessor lives in the object: it has its saved value before `open`. One that is a getter with a
 * setter lives in the hardware: its saved value is set after `open`, and it is read no more once `close` begins.
 */
export class ThingSettings {
  readonly #options: SettingsOptions;
  readonly #saved: readonly PropertyAffordance[];
  /** Settings in the file that the class does not know: kept, for the version that does. */
  #unknownSettings: Record<string, unknown> = {};
  /** The last good value of each setting, as JSON. */
  readonly #known = new Map<string, string>();
  /** What the file holds, or stands for where it holds nothing: each value as JSON. */
  readonly #onDisk = new Map<string, string>();
  #isLoaded = false;
  /** Whether the file was edited since it was last read or written: observers do not know its values. */
  #isEdited = false;
  /** Which of the settings that live in the hardware it has; none when it is not asked. */
  #attached: Set<string> | undefined;
  /** A save that has not begun to read values. */
  #scheduled: Promise<void> | undefined;
  #endRetry: () => void = () => {};
  #fault: string | undefined;
  /** Ends when no save is under way. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: SettingsOptions) {
    this.#options = options;
    this.#saved = [...options.properties].filter(({ saved }) => saved);
  }

  /**
   * Reads the settings file and sets what lives in the object. What does not fit is left at its default, with a
   * warning, and kept in a copy of the file. A file that has not changed since it was last read or written is not
   * applied again.
   */
  async load(signal?: AbortSignal): Promise<void> {
    const { file } = this.#options;
    const before = file.text;
    const values = await file.load();
    signal?.throwIfAborted();
    this.#isEdited = this.#isLoaded && file.text !== before;
    if (!this.#isLoaded || this.#isEdited) await this.#take(values);
    for (const property of this.#saved) {
      if (!this.#livesInHardware(property)) await this.#note(property);
    }
    this.#isLoaded = true;
  }

  /** Sets what lives in the hardware, now that it is open. */
  async attach(): Promise<void> {
    const attached = new Set<string>();
    this.#attached = attached;
    const inHardware = this.#saved.filter((property) => this.#livesInHardware(property));
    for (const property of inHardware) {
      const known = this.#known.get(property.name);
      if (known !== undefined) await this.#restore(property, JSON.parse(known));
      if (this.#attached !== attached) return;
      attached.add(property.name);
    }
    for (const property of inHardware) await this.#note(property);
  }

  /** The Thing has left its host: its file is that of the next one, whatever it still does. */
  end(): void {
    this.#isLoaded = false;
    this.#fault = undefined;
    this.#endRetry();
  }

  /** From now on the hardware is not asked any more. */
  detach(): void {
    this.#attached = undefined;
  }

  /**
   * Puts all settings on disk. What is asked for in one turn of the event loop, or while a save is under way, is one save. Before
   * they have been loaded it does nothing: defaults must not overwrite them.
   * @throws {ThingError} `NOT_SAVED`, which is also logged. What could not be saved is tried again every 2 s.
   */
  save(): Promise<void> {
    if (!this.#isLoaded || this.#saved.length === 0) return Promise.resolve();
    this.#scheduled ??= this.#inTurn(async () => {
      await nextTurn();
      this.#scheduled = undefined;
      try {
        await this.#write(await this.#values());
      } catch (error) {
        const { log, name } = this.#options;
        log.error(`The settings of '${name}' could not be saved: ${messageOf(error)}`);
        this.#retryLater();
        throw error;
      }
    });
    return this.#scheduled;
  }

  /** The same, when nobody waits for it. */
  saveLater(): void {
    this.save().catch(() => {}); // which is logged
  }

  /** Puts all settings on disk if one has changed since they were last read or written, whoever changed it. */
  saveIfChanged(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#isLoaded || this.#saved.length === 0) return;
      const values = await this.#values();
      const changed = [...values].some(([name, json]) => json !== this.#onDisk.get(name));
      if (changed) await this.#write(values);
    });
  }

  /** Why they could not be saved, until they are. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Resolves when no save is under way. */
  idle(): Promise<void> {
    return this.#turn;
  }

  /** A disk may have room again when nobody writes any more. */
  #retryLater(): void {
    this.#endRetry();
    const retry = () => void this.saveIfChanged().catch(() => this.#retryLater()); // the reason is logged
    this.#endRetry = systemTimers.after(RETRY_MS, retry, true);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {}); // whoever asked for it is told
    return done;
  }

  async #take(values: Record<string, unknown>): Promise<void> {
    this.#unknownSettings = {};
    for (const [name, value] of Object.entries(values)) {
      const property = this.#saved.find((one) => one.name === name);
      if (!property) this.#unknownSettings[name] = value;
      else if (this.#livesInHardware(property)) this.#known.set(name, JSON.stringify(value));
      else await this.#restore(property, value);
    }
  }

  async #restore(property: PropertyAffordance, value: unknown): Promise<void> {
    const { log, writes, file } = this.#options;
    const { name, schema } = property;
    const called = this.#called(name);
    try {
      const by = this.#isEdited ? "edited settings" : "settings";
      await writes.write(property, accept(schema, value, called), by);
    } catch (error) {
      this.#known.delete(name);
      const why = messageOf(error);
      const said = why.includes(`'${name}'`) ? why : `${called} was not set: ${why}`;
      log.warn(
        `${asSentence(said)} It keeps its default. When settings are next saved, the file that has the refused value is kept as ${file.copyBeforeSave()}.`,
      );
    }
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
    const values = new Map<string, string>();
    for (const property of this.#saved) {
      const json = await this.#jsonOf(property);
      if (json !== undefined) values.set(property.name, json);
    }
    return values;
  }

  async #jsonOf(property: PropertyAffordance): Promise<string | undefined> {
    const { name } = property;
    const lastGood = this.#known.get(name);
    if (this.#livesInHardware(property) && !this.#attached?.has(name)) return lastGood;
    try {
      return await this.#read(property);
    } catch (error) {
      const why =
        error instanceof NotJson
          ? `JSON cannot hold it: ${error.message}`
          : `it cannot be read: ${messageOf(error)}`;
      this.#options.log.warn(
        `${this.#called(name)} is saved with its last good value, because ${why}`,
      );
      return lastGood;
    }
  }

  /** @throws {NotJson} for what JSON would hold as something else, NaN as `null`. */
  async #read(property: PropertyAffordance): Promise<string | undefined> {
    const json = JSON.stringify(jsonCopy(await this.#options.access.valueOf(property)));
    if (json !== undefined) this.#known.set(property.name, json);
    return json;
  }

  async #write(values: ReadonlyMap<string, string>): Promise<void> {
    const own = Object.fromEntries([...values].map(([name, json]) => [name, JSON.parse(json)]));
    try {
      await this.#options.file.save({ ...this.#unknownSettings, ...own });
      this.#fault = undefined;
    } catch (error) {
      this.#fault = messageOf(error);
      throw error;
    }
    for (const [name, json] of values) this.#onDisk.set(name, json);
  }

  #livesInHardware({ member, resettable }: PropertyAffordance): boolean {
    return !resettable && memberOf(this.#options.thing, member)?.descriptor.get !== undefined;
  }

  #called(name: string): string {
    return `Setting '${name}' of Thing '${this.#options.name}'`;
  }
}
