import { lstat, readdir, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { now } from "../../base/clock.ts";
import { DiskLane, hungFolders, hungSentence, laneAt, laneOf } from "../../base/disk-lane.ts";
import { codeOf, messageOf, ThingError } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import { assertFile } from "../../base/regular-file.ts";
import { type FileChanges, FileCollection } from "../../files/file-collection.ts";
import type { FilePart, StoredFile } from "../../files/stored-file.ts";
import { describeRecording, type RecordingDescription } from "../files/describe.ts";
import type { DiskRoom } from "../files/disk-room.ts";
import { type ExportEnd, onExport } from "../files/exports-under-way.ts";
import { FolderRoom, type RoomLimits } from "../files/folder-room.ts";
import { draftOf, nameFile } from "../files/free-name.ts";
import { posterOf } from "../files/posters.ts";
import { isBeingRecorded } from "../files/recording-claims.ts";
import { recordedElsewhere } from "../files/recording-files.ts";
import { removeRecording } from "../files/remove-recording.ts";
import { assertRoom } from "../files/room-watch.ts";
import { unreadable, whyMissing } from "../files/vanished.ts";
import type { RecordingSummary } from "../ledger/ledger.ts";
import { ledgerAsCsv, ledgerAsJson } from "../ledger/ledger-tables.ts";
import type { VideoFormat } from "../ledger/video-format.ts";
import { extensionOf, findLedger } from "../ledger/video-names.ts";
import { unclosedSummary } from "../write/closing.ts";
import { aboutRecording } from "./about-recording.ts";
import { HeldFolder } from "./held-folder.ts";

/** A large folder is not read again before so many times of what reading it took. */
const MOST_EVERY = 20;

/** How many files are told of that are not listed. */
const MOST_UNLISTED = 1000;
/** Of how many files it is known that they were deleted: of those that are still told of, which are few. */
const MOST_DELETED = 1000;
const LONGEST_TICK_MS = 2000;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  mkv: "video/x-matroska",
  mp4: "video/mp4",
  jpg: "image/jpeg",
  webm: "video/webm",
};

/** An MP4 or a WebM that could not be made. */
export interface ExportFailure {
  /** What it was to be made of. */
  readonly recording: StoredFile;
  readonly format: VideoFormat;
  readonly reason: string;
}

/**
 * A folder of recordings, one process at a time: what is in it, as files that clients can fetch, each with its poster and its
 * ledger. Several recorders of one process may share it.
 */
export class RecordingsFolder {
  #folder: string;
  readonly files: FileCollection;
  #looks = new DiskLane();
  #log: Log = silentLog;
  #held: HeldFolder | undefined;
  /** Kept while this is open, so that sizes stay known. */
  #room: FolderRoom | undefined;
  #endTelling: () => void = () => {};
  readonly #deleted = new Set<string>();
  /** What the folder was like when it was looked at last, and what that took. */
  #seen = { as: "", since: 0, isSettled: false, at: Number.NEGATIVE_INFINITY, tookMs: 0 };

  /** @param onChange - Called whenever recordings are added, have changed or are gone, with which. */
  constructor(folder: string, onChange?: (changes: FileChanges) => void) {
    this.#folder = resolve(folder);
    this.files = new FileCollection(onChange);
  }

  /** Its path: while it is open, the one that all who have this very folder open call it by. */
  get folder(): string {
    return this.#folder;
  }

  /**
   * Makes the folder, lists what is in it, and begins to repair what was not closed.
   * Then it makes what a crash or a stop has kept from being made of its recordings.
   * @param room - What that leaves free.
   * @param onExportFailed - Told of each recording of which an MP4 or a WebM could not be made.
   * @throws {ThingError} `RECORDING_FAILED` when it cannot be used, or another process records to it.
   */
  async open(
    log: Log = silentLog,
    onExportFailed: (failure: ExportFailure) => void = () => {},
    room?: RoomLimits,
  ): Promise<void> {
    this.#log = log;
    const held = await HeldFolder.take(this.folder, log, room);
    this.#held = held;
    this.#folder = held.folder;
    this.#room ??= FolderRoom.take(this.folder);
    this.#looks = held.looks;
    this.files.share(held.files("recordings"));
    const endRepairs = held.onRepaired((path) => void this.refreshed(path));
    const endExports = onExport(this.folder, (path, end) =>
      this.#exportChanged(path, end ?? {}, onExportFailed).catch((error) => {
        log.warn(`${path} cannot be listed: ${messageOf(error)}`);
      }),
    );
    this.#endTelling = () => {
      endRepairs();
      endExports();
    };
    await this.refresh();
  }

  /** Lists in a collection what is in the one of the same `kind` of everybody who has this folder open. */
  share(files: FileCollection, kind: string): void {
    if (this.#held) files.share(this.#held.files(kind));
  }

  /** Resolves when all that was not closed is repaired, or cannot be. */
  get repaired(): Promise<void> {
    return this.#held?.repaired ?? Promise.resolve();
  }

  /** Resolves when all that was cut off is made of its recordings, or cannot be. */
  get resumed(): Promise<void> {
    return this.#held?.resumed ?? Promise.resolve();
  }

  /** Lets the folder go. */
  async close(): Promise<void> {
    this.#endTelling();
    this.files.unshare();
    await this.#held?.release();
    this.#held = undefined;
    this.#room?.release();
    this.#room = undefined;
  }

  /** How full its disk is. @throws {ThingError} `RECORDING_FAILED` when it does not say; `NOT_READY` while it hangs. */
  async room(): Promise<DiskRoom> {
    await laneOf(this.folder);
    const room = FolderRoom.take(this.folder); // of a folder that is not open
    const measured = room.measure().finally(() => room.release());
    return measured.catch((cause) => {
      const hung = hungFolders().find(({ folder }) => folder === this.folder);
      if (hung) throw new ThingError("NOT_READY", hungSentence(hung), { cause });
      throw unreadable(this.folder, cause);
    });
  }

  /**
   * Adds a file, which is there as a whole or not at all. A name that is taken gets a number. @returns its path.
   * @param room - What is to be left free. What belongs to recordings that there are, such as a manifest, is written in any case.
   * @throws {ThingError} `NO_ROOM`.
   */
  async write(name: string, bytes: Uint8Array, room?: RoomLimits): Promise<string> {
    if (room) await assertRoom(this.folder, room, bytes.length);
    const wanted = join(this.folder, name);
    const draft = draftOf(wanted);
    await writeFile(draft, bytes);
    return nameFile(draft, wanted);
  }

  /** Whether there is room for so many bytes more. @throws {ThingError} `NO_ROOM`. */
  assertRoom(room: RoomLimits, bytes: number): Promise<void> {
    return assertRoom(this.folder, room, bytes);
  }

  /** Lists what has come into the folder, and no longer what is gone. */
  refresh(): Promise<void> {
    return this.#looks.run(async () => {
      const names = await this.#onDisk(() => readdir(this.folder)).catch((error) => {
        if (error.code === "ENOENT") return []; // the folder is gone itself
        throw error;
      });
      const wanted = names.filter((name) => extensionOf(name) in MEDIA_TYPES);
      const paths = new Set(wanted.map((name) => join(this.folder, name)));
      for (const { path } of this.files.list) if (!paths.has(path)) this.files.forget(path);
      for (const path of paths) if (!this.files.at(path)) await this.#look(path);
    });
  }

  /** The same, if the folder has changed since it was asked for last. */
  async refreshIfChanged(): Promise<void> {
    const start = now();
    if (start - this.#seen.at < MOST_EVERY * this.#seen.tookMs) return;
    const as = await this.#onDisk(() => stat(this.folder)).then(
      ({ ino, mtimeMs }) => `${ino} ${mtimeMs}`,
      (error) => {
        if (codeOf(error) === "NOT_READY") throw error;
        return codeOf(error);
      },
    );
    const isSame = as === this.#seen.as;
    if ((isSame && this.#seen.isSettled) || /^E(?!NOENT)/.test(as)) return;
    await this.refresh();
    const since = isSame ? this.#seen.since : start;
    // Two changes within one tick of the disk's clock have one time; that of FAT ticks every two seconds.
    const isSettled = isSame && start - since > LONGEST_TICK_MS;
    this.#seen = { as, since, isSettled, at: now(), tookMs: now() - start };
  }

  /** Lists a file as it is now. @returns undefined when it is gone. */
  refreshed(path: string): Promise<StoredFile | undefined> {
    return this.#looks.run(() => this.#look(path)); // one after the other, or an older look could win
  }

  /** Whether a file is gone because somebody has deleted it here. */
  wasDeleted(path: string): boolean {
    return this.#deleted.has(path);
  }

  /** Why there is no file at a path of this folder, in words that follow a colon. @throws {ThingError} `NOT_READY` while its disk hangs. */
  whyMissing(path: string): Promise<string | undefined> {
    return this.#onDisk(() => whyMissing(path));
  }

  /** An export waits, goes on or has ended: it is in the list, and told of when it failed. */
  async #exportChanged(
    path: string,
    { format, made, why: reason }: Partial<ExportEnd>,
    onFailed: (failure: ExportFailure) => void,
  ): Promise<void> {
    if (made !== undefined) await this.refreshed(made);
    const recording = await this.refreshed(path);
    if (recording && format && reason !== undefined) onFailed({ recording, format, reason });
  }

  async #look(path: string): Promise<StoredFile | undefined> {
    try {
      const { size, birthtimeMs, mtimeMs, description } = await this.#onDisk(async () => {
        const found = await lstat(path);
        assertFile(path, found);
        return { ...found, description: await describeRecording(path) };
      });
      this.#deleted.delete(path);
      const { head, summary = unclosedSummary(path) } = description;
      return this.files.put({
        path,
        mediaType: MEDIA_TYPES[extensionOf(path)] ?? "application/octet-stream",
        size,
        createdAt: summary?.first ?? (birthtimeMs || mtimeMs),
        isGrowing: isBeingRecorded(path) || isWrittenElsewhere(path, head, summary),
        about: aboutRecording(path, { ...description, summary }),
        parts: partsOf(path, head ? await this.#onDisk(() => findLedger(path)) : undefined),
        remove: () => this.#looks.run(() => this.#remove(path)),
      });
    } catch (error) {
      if (codeOf(error) === "NOT_READY") return this.files.at(path); // as it was, while its disk hangs
      if (codeOf(error) !== "ENOENT") this.#warnOnce(path, messageOf(error));
      this.files.forget(path);
      return undefined;
    }
  }

  async #remove(path: string): Promise<void> {
    await removeRecording(path);
    this.#deleted.add(path);
    if (this.#deleted.size > MOST_DELETED) this.#deleted.delete([...this.#deleted][0]!);
  }

  #warnOnce(path: string, why: string): void {
    const unlisted = this.#held?.unlisted;
    if (!unlisted || unlisted.has(path) || unlisted.size >= MOST_UNLISTED) return;
    unlisted.add(path);
    this.#log.warn(`${path} is not listed: ${why}`);
  }

  /** One thing at a time, after what is recorded. @throws {ThingError} `NOT_READY` while the disk hangs. */
  async #onDisk<T>(work: () => Promise<T>): Promise<T> {
    const lane = await laneAt(join(this.folder, "any"));
    return lane.read(work);
  }
}

function isWrittenElsewhere(
  path: string,
  head: RecordingDescription["head"],
  summary: RecordingSummary | undefined,
): boolean {
  return !summary && recordedElsewhere(path, head) !== undefined;
}

function partsOf(path: string, ledger: string | undefined): Record<string, FilePart> {
  const poster: FilePart = { mediaType: "image/jpeg", content: () => posterOf(path) };
  return {
    poster,
    ...(ledger !== undefined && {
      ledger: { mediaType: "application/x-ndjson", content: ledger },
      "ledger.csv": { mediaType: "text/csv; charset=utf-8", content: () => ledgerAsCsv(path) },
      "ledger.json": { mediaType: "application/json", content: () => ledgerAsJson(path) },
    }),
  };
}
