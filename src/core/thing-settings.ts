import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { accept } from "./schema.ts";
import type { SettingsFile } from "./settings-file.ts";
import type { ThingModel } from "./thing-model.ts";

/** The settings of one Thing, between its members and its file. */
export class ThingSettings {
  readonly #name: string;
  readonly #members: Record<string, unknown>;
  readonly #model: ThingModel;
  readonly #file: SettingsFile;
  readonly #log: Log;
  /** Settings in the file that the class does not know: kept, for the version that does. */
  #foreign: Record<string, unknown> = {};
  #isLoaded = false;
  #isLoading = false;

  constructor(
    { name, thing, model }: { name: string; thing: object; model: ThingModel },
    file: SettingsFile,
    log: Log,
  ) {
    this.#name = name;
    this.#members = thing as Record<string, unknown>;
    this.#model = model;
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

  /** Reads the settings file into the Thing. What does not fit is left at its default, with a warning, and kept in a copy of the file. */
  async load(): Promise<void> {
    const values = await this.#file.load();
    this.#isLoading = true;
    for (const [name, value] of Object.entries(values)) {
      const property = this.#model.properties.get(name);
      try {
        if (property?.saved)
          this.#members[property.member] = accept(
            property.schema,
            value,
            `Setting '${name}' of Thing '${this.#name}'`,
          );
        else this.#foreign[name] = value;
      } catch (error) {
        this.#log.warn(
          `${messageOf(error)} It keeps its default. When settings are next saved, the file that has the refused value is kept as ${this.#file.copyBeforeSave()}.`,
        );
      }
    }
    this.#isLoading = false;
    this.#isLoaded = true;
  }

  /** Puts all settings on disk. Before they have been loaded it does nothing: defaults must not overwrite them. */
  async save(): Promise<void> {
    if (!this.#isLoaded) return;
    const saved = [...this.#model.properties.values()].filter((property) => property.saved);
    if (saved.length === 0) return;
    const own = Object.fromEntries(saved.map(({ name, member }) => [name, this.#members[member]]));
    await this.#file.save({ ...this.#foreign, ...own });
  }
}
