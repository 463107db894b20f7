import { setImmediate as nextTurn } from "node:timers/promises";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { systemTimers } from "../base/timers.ts";

/** Between a save that has failed and the next attempt, ms. */
const RETRY_MS = 2000;

interface SavesOptions {
  /** Of the Thing. */
  readonly name: string;
  readonly log: Log;
  readonly mayNotSave: () => boolean;
  /** Each setting as JSON. */
  readonly values: () => Promise<Map<string, string>>;
  readonly isOnDisk: (name: string, json: string) => boolean;
  /** @throws {ThingError} `NOT_SAVED`. */
  readonly write: (values: ReadonlyMap<string, string>) => Promise<void>;
}

/** When the settings of one Thing are put on disk: one save at a time, and one for all that ask for it meanwhile. */
export class SettingsSaves {
  readonly #options: SavesOptions;
  /** A save that has not begun to read values. */
  #scheduled: Promise<void> | undefined;
  #endRetry: () => void = () => {};
  /** Ends when no save is under way. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: SavesOptions) {
    this.#options = options;
  }

  /**
   * Puts all settings on disk. What is asked for in one turn of the event loop, or while a save is under way, is one save.
   * @throws {ThingError} `NOT_SAVED`, which is also logged. What could not be saved is tried again every 2 s.
   */
  save(): Promise<void> {
    const { values, write, log, name } = this.#options;
    this.#scheduled ??= this.#inTurn(async () => {
      await nextTurn();
      this.#scheduled = undefined;
      try {
        await write(await values());
      } catch (error) {
        log.error(`The settings of '${name}' could not be saved: ${messageOf(error)}`);
        this.#retryLater();
        throw error;
      }
    });
    return this.#scheduled;
  }

  /** The same if one has changed since they were last read or written, whoever changed it. */
  saveIfChanged(): Promise<void> {
    const { values, write, isOnDisk, mayNotSave } = this.#options;
    return this.#inTurn(async () => {
      if (mayNotSave()) return;
      const all = await values();
      if ([...all].some(([name, json]) => !isOnDisk(name, json))) await write(all);
    });
  }

  /** Resolves when no save is under way. */
  idle(): Promise<void> {
    return this.#turn;
  }

  /** Nothing is tried again. */
  end(): void {
    this.#endRetry();
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
}
