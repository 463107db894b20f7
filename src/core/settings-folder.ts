import { reasonOf, ThingError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { FolderLock } from "./folder-lock.ts";

/** The folder of a host's settings, which no other process may write into. */
export class SettingsFolder {
  readonly #path: string;
  readonly #lock: FolderLock;
  readonly #log: Log;
  #taken: Promise<void> | undefined;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#lock = new FolderLock(path);
    this.#log = log;
  }

  /** The same as `take`, unless it has been taken. @throws {ThingError} `SETTINGS_IN_USE`. */
  claim(): Promise<void> {
    return this.#taken ?? this.take();
  }

  /** Takes it, also again. Where nothing can be written at all, that is logged. @throws {ThingError} `SETTINGS_IN_USE`. */
  take(): Promise<void> {
    const taken = this.#take();
    this.#taken = taken;
    taken.catch(() => {
      if (this.#taken === taken) this.#taken = undefined;
    });
    return taken;
  }

  async release(): Promise<void> {
    this.#taken = undefined;
    await this.#lock.release();
  }

  async #take(): Promise<void> {
    try {
      await this.#lock.take(this.#log);
    } catch (error) {
      if (error instanceof ThingError) throw error;
      this.#log.warn(
        `Settings cannot be saved in ${this.#path}: ${reasonOf(error)}. Choose another folder with --settings.`,
      );
    }
  }
}
