import { type Log, now } from "thingscope";
import type { RecordingsFolder } from "thingscope/recording";
import type { Disk } from "./schemas.ts";

const EVERY_MS = 5000;

/** How full the disk of a folder of recordings is, as far as that is known. */
export class DiskState {
  readonly #onChange: () => void;
  readonly #onTrouble: (trouble: string | undefined) => void;
  #value: Disk = { free: 0, total: 0, recordings: 0, reserve: 0 };
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** @param onTrouble - Told again and again why the disk cannot be read, and once that it can. */
  constructor(onChange: () => void, onTrouble: (trouble: string | undefined) => void) {
    this.#onChange = onChange;
    this.#onTrouble = onTrouble;
  }

  get value(): Disk {
    return this.#value;
  }

  /** Looks at the disk, unless that was done in the last 5 s, and all was well. @param room - What recordings leave to others. */
  async look(
    folder: RecordingsFolder,
    { reserveBytes: reserve, quotaBytes: quota }: { reserveBytes: number; quotaBytes: number },
  ): Promise<void> {
    const isWell = this.#value.trouble === undefined;
    if (isWell && now() - this.#lookedAt < EVERY_MS) return;
    this.#lookedAt = now();
    const room = await folder.room();
    this.#value = { ...this.#value, ...room, reserve, ...(Number.isFinite(quota) && { quota }) };
    this.#onChange();
  }

  /** Why the disk cannot be read, or that it can: told once when that begins, and once when it is over. */
  tell(trouble: string | undefined, log: Log): void {
    const { trouble: before, ...disk } = this.#value;
    this.#value = { ...disk, ...(trouble !== undefined && { trouble }) };
    if (trouble !== before) this.#onTrouble(trouble);
    if ((trouble === undefined) === (before === undefined)) return;
    log.warn(trouble === undefined ? "The folder of recordings can be read again." : trouble);
    this.#onChange();
  }
}
