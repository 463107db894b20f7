import { dirname } from "node:path";
import { laneOf } from "../../base/disk-lane.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { RecordingSummary } from "../ledger/ledger.ts";
import { removeWholeRecording } from "./remove-recording.ts";

/** A file of a recording that has several. */
export interface KeptFile {
  /** Aborts when it is to make way: what is still being made of it is not wanted any more. */
  readonly leaving: AbortSignal;
}

interface Entry extends KeptFile {
  readonly abort: AbortController;
  /** Undefined until it is closed. */
  closed?: { readonly path: string; readonly summary: RecordingSummary };
  /** Settles when everybody has been told of it. */
  told: Promise<unknown>;
}

/** How many are kept, and who is told. */
interface KeptFilesOptions {
  readonly most: number;
  /** Told of each file that is closed, with its summary, and of each that is gone. A promise is waited for before that file may go. */
  readonly onFile: (path: string, summary?: RecordingSummary) => unknown;
  readonly log: Log;
}

/**
 * The files of one recording in the order in which they were begun, however late each is closed. When there are more than `most`,
 * the one that was begun first makes way, with all that was made of it; one that is being exported does when that has ended.
 */
export class KeptFiles {
  readonly #options: KeptFilesOptions;
  readonly #entries: Entry[] = [];
  #turn: Promise<void> = Promise.resolve();

  constructor(options: KeptFilesOptions) {
    this.#options = options;
  }

  /** Those that are closed and kept, oldest first. */
  get closed(): { readonly path: string; readonly summary: RecordingSummary }[] {
    return this.#entries.flatMap(({ closed }) => closed ?? []);
  }

  /** A file is begun. */
  begin(): KeptFile {
    const abort = new AbortController();
    const entry: Entry = { leaving: abort.signal, abort, told: Promise.resolve() };
    this.#entries.push(entry);
    void this.makeWay();
    return entry;
  }

  /** A file is closed; one without a frame does not count. Resolves when what has to make way for it is gone. */
  close(file: KeptFile, path: string, summary: RecordingSummary): Promise<void> {
    const entry = this.#entries.find((one) => one === file);
    if (!entry) return Promise.resolve();
    if (summary.written === 0) this.forget(file);
    else entry.closed = { path, summary };
    const isLeaving = entry.leaving.aborted;
    if (!isLeaving) entry.told = Promise.resolve(this.#options.onFile(path, summary));
    return this.makeWay();
  }

  /** A file came to nothing. */
  forget(file: KeptFile): void {
    const at = this.#entries.findIndex((one) => one.leaving === file.leaving);
    if (at >= 0) this.#entries.splice(at, 1);
  }

  /** Removes what is too old and can go. Never rejects. */
  makeWay(): Promise<void> {
    const surplus = this.#entries.slice(0, Math.max(0, this.#entries.length - this.#options.most));
    for (const { abort } of surplus) abort.abort();
    this.#turn = this.#turn.then(() => this.#removeLeaving());
    return this.#turn;
  }

  async #removeLeaving(): Promise<void> {
    for (const entry of this.#entries.filter(({ leaving }) => leaving.aborted)) {
      if (entry.closed && (await this.#remove(entry, entry.closed.path))) this.forget(entry);
    }
  }

  async #remove({ told }: Entry, path: string): Promise<boolean> {
    try {
      await told;
      const lane = await laneOf(dirname(path));
      const gone = await lane.run(() => removeWholeRecording(path));
      for (const one of gone) this.#options.onFile(one);
      return true;
    } catch (error) {
      const isBusy = error instanceof ThingError && error.code === "LOCK_BUSY";
      const level = isBusy ? "info" : "error";
      this.#options.log[level](`${path} cannot be removed yet: ${messageOf(error)}`);
      return false;
    }
  }
}
