import { laneOf } from "../base/disk-lane.ts";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { lackOfRoom, type RoomLimits } from "./disk-room.ts";

const LOOK_EVERY_MS = 1000;

/** What is looked at, and who is told. */
export interface RoomWatchOptions {
  readonly folder: string;
  readonly room: RoomLimits;
  /** Bytes that wait for the disk. */
  readonly queuedBytes: () => number;
  /** Called with the reason when there is no more room. */
  readonly onLack: (why: string) => void;
  readonly log: Log;
}

/** Looks at the disk each second, so that a recording ends before it is full. */
export class RoomWatch {
  readonly #options: RoomWatchOptions;
  readonly #looking: ReturnType<typeof setInterval>;
  #isLooking = false;

  constructor(options: RoomWatchOptions) {
    this.#options = options;
    this.#looking = setInterval(() => void this.#look(), LOOK_EVERY_MS);
  }

  end(): void {
    clearInterval(this.#looking);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { folder, room, queuedBytes, onLack, log } = this.#options;
    try {
      const lane = await laneOf(folder);
      const lack = await lane.run(() => lackOfRoom(folder, room, queuedBytes()));
      if (lack) onLack(lack);
    } catch (error) {
      log.warn(`The disk does not say how much room it has: ${messageOf(error)}`);
    } finally {
      this.#isLooking = false;
    }
  }
}
