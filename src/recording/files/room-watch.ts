import { dirname } from "node:path";
import { laneOf } from "../../base/disk-lane.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import { countedLimit } from "../../base/limit-hits.ts";
import type { Log } from "../../base/log.ts";
import { FolderRoom, type RoomLimits, type RoomUser } from "./folder-room.ts";

const LOOK_EVERY_MS = 1000;
const roomLimit = countedLimit("recording_room");

/** Whose room is watched, and who is told. */
interface RoomWatchOptions extends RoomUser {
  /** What is written. */
  readonly path: string;
  /** Called before each look. */
  readonly before?: (() => Promise<void>) | undefined;
  readonly log: Log;
}

/** Sees to it that what is written into a folder ends before the disk's reserve is touched, or a quota passed. */
export class RoomWatch {
  readonly #options: RoomWatchOptions;
  /** Once the folder has been looked at: only then it is known which one it is. */
  #taken: FolderRoom | undefined;
  #leave: () => void = () => {};
  #looking: ReturnType<typeof setInterval> | undefined;
  #isLooking = false;
  #soonBytes = 0;
  #isOver = false;

  constructor(options: RoomWatchOptions) {
    this.#options = options;
  }

  /**
   * Begins to look, if there is room for what waits; that counts for others from now on.
   * @throws {ThingError} `NO_ROOM`.
   */
  async admit(): Promise<void> {
    const { room, path, waitingBytes, log } = this.#options;
    await laneOf(dirname(path));
    const looking = this.#room.lackNow(room, waitingBytes());
    const found = await looking.catch((error) => this.#cannotLook(error, log));
    const lack = found ?? this.#room.lack(room, waitingBytes()); // others may have been admitted meanwhile
    if (lack) throw refused(dirname(path), lack);
    this.begin();
  }

  /** Begins to look, without asking first, into a folder that has been looked at. */
  begin(): void {
    if (this.#isOver) return;
    const { room, waitingBytes, onLack } = this.#options;
    const soon = () => waitingBytes() + this.#soonBytes;
    this.#leave = this.#room.use({ room, waitingBytes: soon, onLack });
    this.#looking = setInterval(() => void this.look(), LOOK_EVERY_MS);
  }

  /**
   * By what is known already: asks the disk only where there seems to be no room.
   * @param soonBytes - What will come until this is called again: it counts as what waits.
   */
  glance(soonBytes: number): void {
    this.#soonBytes = soonBytes;
    if (this.#looking && this.#room.lack(this.#options.room)) void this.look();
  }

  /**
   * Looks whether so many bytes can be written now: by what is known, and where there seems to be no room, by what the disk says.
   * @returns why not, in a few words; nobody is told.
   */
  async lackFor(bytes: number): Promise<string | undefined> {
    const { room, log } = this.#options;
    if (!this.#room.writtenLack(room, bytes)) return undefined;
    const looking = this.#room.lackNow(room).catch((error) => this.#cannotLook(error, log));
    await looking;
    const lack = this.#room.writtenLack(room, bytes);
    if (lack && this.#looking) roomLimit.hit();
    if (lack) this.#stop();
    return lack;
  }

  /** How many bytes can be written now, by what is known. */
  get leftBytes(): number {
    return this.#room.left(this.#options.room);
  }

  async look(): Promise<void> {
    if (this.#isLooking || this.#isOver) return;
    this.#isLooking = true;
    const { room, before, log, onLack } = this.#options;
    try {
      await before?.();
      const lack = await this.#room.lackNow(room);
      if (!lack || this.#isOver) return;
      roomLimit.hit();
      this.#stop();
      this.#soonBytes = 0;
      onLack(lack);
    } catch (error) {
      this.#cannotLook(error, log);
    } finally {
      this.#isLooking = false;
    }
  }

  /** What was watched is written. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stop();
    this.#leave();
    this.#taken?.release();
  }

  get #room(): FolderRoom {
    this.#taken ??= FolderRoom.take(dirname(this.#options.path));
    return this.#taken;
  }

  #stop(): void {
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #cannotLook(error: unknown, log: Log): undefined {
    log.warn(`The free space of the disk cannot be read: ${messageOf(error)}`);
  }
}

/** Whether there is room for so many bytes more in a folder. @throws {ThingError} `NO_ROOM`. */
export async function assertRoom(folder: string, limits: RoomLimits, bytes = 0): Promise<void> {
  await laneOf(folder);
  const room = FolderRoom.take(folder);
  try {
    const lack = await room.lackNow(limits, bytes);
    if (lack) throw refused(folder, lack);
  } finally {
    room.release();
  }
}

/** What is told where something is not begun, or comes to nothing. */
export function noRoom(folder: string, lack: string): ThingError {
  const remedy = "Delete or move recordings, or use another disk; then try again.";
  return new ThingError("NO_ROOM", `${folder} cannot be recorded to: ${lack}. ${remedy}`);
}

function refused(folder: string, lack: string): ThingError {
  roomLimit.hit();
  return noRoom(folder, lack);
}
