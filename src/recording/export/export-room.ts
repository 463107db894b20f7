import { dirname } from "node:path";
import { silentLog } from "../../base/log.ts";
import { noteSizeOf, type RoomLimits } from "../files/folder-room.ts";
import { noRoom, RoomWatch } from "../files/room-watch.ts";

/** The room that an export takes while it is made: it is cut off before a reserve is touched or a quota passed. */
export class ExportRoom {
  /** Aborts with the reason when there is no more room, and when the caller's signal does. */
  readonly signal: AbortSignal;
  readonly #watch: RoomWatch;

  /** @param draft - Where it is made: a program writes there. */
  constructor(draft: string, room: RoomLimits, signal: AbortSignal | undefined) {
    const lacking = new AbortController();
    this.signal = AbortSignal.any(signal ? [signal, lacking.signal] : [lacking.signal]);
    this.#watch = new RoomWatch({
      path: draft,
      room,
      waitingBytes: () => 0,
      before: () => noteSizeOf(draft),
      onLack: (lack) => lacking.abort(noRoom(dirname(draft), lack)),
      log: silentLog,
    });
  }

  /** @throws {ThingError} `NO_ROOM` when there is none to begin with. */
  admit(): Promise<void> {
    return this.#watch.admit();
  }

  end(): void {
    this.#watch.end();
  }
}
