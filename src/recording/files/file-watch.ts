import { now } from "../../base/clock.ts";
import type { DiskLane } from "../../base/disk-lane.ts";
import { FOREIGN_QUIET_MS } from "../../base/process-place.ts";
import type { RecordingFiles } from "./recording-files.ts";

const LOOK_EVERY_MS = 1000;
const TOUCH_EVERY_MS = FOREIGN_QUIET_MS / 3;

/** What ends a recording whose files are no longer under their names. */
export class Vanished extends Error {}

/** Looks each second whether what is being written can still be found by anybody else. */
export class FileWatch {
  readonly #files: RecordingFiles;
  readonly #lane: DiskLane;
  readonly startedAt = now();
  #lookedAt = now();
  #written = { bytes: 0, at: now() };

  constructor(files: RecordingFiles, lane: DiskLane) {
    this.#files = files;
    this.#lane = lane;
  }

  /** @throws {Vanished} With the reason. */
  async look(): Promise<void> {
    if (now() - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = now();
    const gone = await this.#lane.run(() => this.#files.vanished());
    if (gone) throw new Vanished(gone.why);
    await this.#touchWhenQuiet();
  }

  async #touchWhenQuiet(): Promise<void> {
    const { ledgerEnd: bytes } = this.#files;
    if (bytes === this.#written.bytes && now() - this.#written.at < TOUCH_EVERY_MS) return;
    if (bytes === this.#written.bytes) {
      await this.#lane.run(() => this.#files.touch()).catch(() => {}); // a write will tell what is wrong
    }
    this.#written = { bytes, at: now() };
  }
}
