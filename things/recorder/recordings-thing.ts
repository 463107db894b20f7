import { basename } from "node:path";
import {
  action,
  event,
  type FileChanges,
  files,
  type Invocation,
  messageOf,
  property,
  type StoredFile,
  Thing,
  ThingError,
  ThingEvent,
} from "thingscope";
import {
  type ExportFailure,
  exportRecording,
  RecordingCounts,
  RecordingsFolder,
  stopped,
} from "thingscope/recording";
import { Type } from "typebox";
import { type HowItEnded, mkvOf, progressOf, verified } from "./accounts.ts";
import { DiskState } from "./disk-state.ts";
import {
  Changes,
  Disk,
  Export,
  ExportFailed,
  Lost,
  NoRoom,
  Progress,
  RecordingFile,
  Verified,
  Verify,
} from "./schemas.ts";
import { ToldList } from "./told-list.ts";

/** Where recordings go, and how much of the disk they may take. */
export interface RecordingsOptions {
  /** Folder of the recordings. Default `recordings`. Several recorders of one server may share it. */
  readonly folder?: string;
  /** What stays free on the disk. Default 500 MB. */
  readonly reserve_mb?: number;
  /** The maximum total size of the recordings in the folder. */
  readonly quota_mb?: number;
}

const LOOK_EVERY_MS = 500;
/** A server that is told to end has 10 s. */
const EXPORTS_END_MS = 3000;
const MB = 1e6;

/** A Thing with a folder of recordings: clients can list, fetch and delete them, and are notified of new ones and of the disk. */
export abstract class RecordingsThing extends Thing {
  static override readonly types: readonly string[] = ["Recorder"];
  protected readonly folder: RecordingsFolder;
  readonly #options: RecordingsOptions;
  readonly #counts = new RecordingCounts(this);
  readonly #disk = new DiskState(
    () => this.changed("disk"),
    (trouble) => this.context.troubled?.(trouble),
  );
  readonly #list = new ToldList({
    count: () => this.files.count,
    tellAll: () => this.changed("recordings"),
    tellChanges: (changes) => this.recordings_changed.emit(changes),
  });
  #looking: ReturnType<typeof setInterval> | undefined;
  #isLooking = false;
  #wasGoing = false;
  #exports = 0;
  readonly #works = new Set<Promise<unknown>>();
  #closing = new AbortController();
  #exportsEnd = new AbortController();

  @event("A file has been closed", RecordingFile)
  readonly recording_finished = new ThingEvent<StoredFile>();

  @event(
    "What is another in the list: it is told of each change, and the list more rarely",
    Changes,
  )
  readonly recordings_changed = new ThingEvent<FileChanges>();

  @event("A recording has ended and its file is missing: it was removed, or its disk was", Lost)
  readonly recording_lost = new ThingEvent<Lost>();

  @event("A recording could not be exported as MP4 or WebM; the recording is kept", ExportFailed)
  readonly export_failed = new ThingEvent<ExportFailure>();

  @event("A recording or export was refused or cut off for lack of disk space", NoRoom)
  readonly no_room = new ThingEvent<NoRoom>();

  @files("Recordings", { name: "recordings" })
  readonly files;

  constructor(options: RecordingsOptions = {}) {
    super();
    this.#options = options;
    this.folder = new RecordingsFolder(options.folder ?? "recordings", (changes) =>
      this.#list.changed(changes),
    );
    this.files = this.folder.files;
  }

  @property("The recordings, newest first", Type.Array(RecordingFile), {
    readOnly: true,
    observable: true,
  })
  get recordings(): StoredFile[] {
    return this.files.list;
  }

  @property("Disk usage", Disk, { readOnly: true, observable: true })
  get disk(): Disk {
    return this.#disk.value;
  }

  @property("The files that are written now, with what they have so far", Type.Array(Progress), {
    readOnly: true,
    observable: true,
  })
  get progress(): Progress[] {
    return progressOf(this.#counts);
  }

  @action("Count the frames of a recording, and compare each with the ledger", {
    input: Verify,
    output: Verified,
    useGlobalLock: false,
    safe: true,
  })
  async verify({ id }: Verify, run: Invocation): Promise<Verified> {
    const { path, name } = this.files.get(id);
    return verified(path, name, run);
  }

  @action("Export a recording as MP4 or WebM, with every frame at its time", {
    input: Export,
    output: RecordingFile,
    useGlobalLock: false,
  })
  async export({ id, format, replace }: Export, run: Invocation): Promise<StoredFile> {
    const { path, name, isGrowing } = this.files.get(id);
    if (isGrowing || !/\.mkv$/i.test(name)) {
      const why = isGrowing ? "is still being recorded" : "is not an MKV";
      throw new ThingError("BAD_ARGUMENT", `'${name}' ${why}, so it cannot be exported.`);
    }
    this.#exports += 1;
    this.tell();
    try {
      return await this.working(run, async (signal) => {
        const made = await exportRecording(path, {
          format,
          replace,
          resumable: true,
          signal,
          room: this.room,
          onProgress: (fraction) => run.progress(fraction, `Making ${format} of ${name}`),
        });
        await this.folder.refreshed(path);
        await this.finished(made.path);
        return this.listed(made.path);
      });
    } finally {
      this.#exports -= 1;
      this.tell();
    }
  }

  /** Does what takes time and is neither left half-way nor goes on when this Thing closes. Its signal is the action's, and aborts then. */
  protected async working<T>(
    { signal }: Pick<Invocation, "signal">,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const working = this.tellingLack(work(AbortSignal.any([signal, this.#closing.signal])));
    this.#works.add(working);
    return working.finally(() => this.#works.delete(working));
  }

  /** Tells as an event, too, when something is refused, or cut off, since there is no room for it. */
  protected tellingLack<T>(work: Promise<T>): Promise<T> {
    return work.catch((error) => {
      const isLack = error instanceof ThingError && error.code === "NO_ROOM";
      if (isLack) this.no_room.emit({ why: error.message });
      throw error;
    });
  }

  /** Cuts off what takes time, and resolves when nothing of it goes on. */
  protected async endWork(): Promise<void> {
    this.#closing.abort(stopped(`'${this.name}' is closing.`));
    await Promise.allSettled(this.#works);
  }

  /** Aborts when this ends before what it makes of its recordings is made. */
  protected get exportSignal(): AbortSignal {
    return this.#exportsEnd.signal;
  }

  /** Waits for recordings to be closed, and a moment for what is made of them: the rest is made when this is opened again. */
  protected async untilExported(closed: Promise<unknown>): Promise<void> {
    const late = setTimeout(() => {
      this.#exportsEnd.abort(stopped(`'${this.name}' is closing.`));
    }, EXPORTS_END_MS);
    await closed.finally(() => clearTimeout(late));
  }

  /** How many exports go on. */
  protected get exports(): number {
    return this.#exports;
  }

  /** What recordings leave to others. */
  protected get room() {
    const { reserve_mb = 500, quota_mb = Number.POSITIVE_INFINITY } = this.#options;
    return { reserveBytes: reserve_mb * MB, quotaBytes: quota_mb * MB };
  }

  /** Where recordings say what becomes of them. */
  protected get accounts() {
    return { log: this.log, counts: this.#counts };
  }

  override async open(): Promise<void> {
    this.#closing = new AbortController();
    this.files.path = `/${this.name}/recordings`;
    this.#exportsEnd = new AbortController();
    const onFailed = (failure: ExportFailure) => {
      this.#counts.exportsFailed += 1;
      this.export_failed.emit(failure);
    };
    await this.folder.open(this.log, onFailed, this.room);
    await this.#look();
    this.#looking = setInterval(() => void this.#look(), LOOK_EVERY_MS);
  }

  override async close(): Promise<void> {
    clearInterval(this.#looking);
    this.#list.close();
    await this.endWork();
    await this.folder.close();
  }

  /** Called twice a second: tells observers what has changed by itself. */
  protected abstract tell(): void;

  /**
   * A file as it is listed.
   * @param whyEnded - What its writer says of its end.
   * @throws {ThingError} `RECORDING_FAILED` with the reason when it is gone; `NOT_READY` when the disk does not say.
   */
  protected async listed(path: string, whyEnded?: string): Promise<StoredFile> {
    const file = await this.folder.refreshed(path);
    const growing = file ?? (await this.folder.refreshed(mkvOf(path)));
    if (growing) return growing;
    const isTold = whyEnded !== undefined && whyEnded !== "stopped";
    const found = await this.folder.whyMissing(path);
    const why = (isTold && whyEnded) || (found ?? "it cannot be read, as the log says");
    throw new ThingError(
      "RECORDING_FAILED",
      `${path} is missing already: ${why}. Fix that, then record again.`,
    );
  }

  /** A file is closed, or came to nothing. @param how - It went. */
  protected async finished(path: string, how?: HowItEnded): Promise<void> {
    if (path !== mkvOf(path)) await this.folder.refreshed(mkvOf(path));
    const file = await this.folder.refreshed(path);
    if (file) this.recording_finished.emit(file);
    else if (how && how.captured > 0 && !this.folder.wasDeleted(path)) {
      this.recording_lost.emit({ name: basename(path), why: how.ended });
    }
  }

  /** Sizes move twice a second while something is recorded, and once more when it has ended. */
  #tellProgress(): void {
    const isGoing = this.#counts.going.length > 0;
    if (isGoing || this.#wasGoing) this.changed("progress");
    this.#wasGoing = isGoing;
  }

  async #look(): Promise<void> {
    this.tell();
    this.#tellProgress();
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.folder.refreshIfChanged();
      for (const { path } of this.files.growing) await this.folder.refreshed(path);
      await this.#disk.look(this.folder, this.room);
      this.#disk.tell(undefined, this.log);
    } catch (error) {
      this.#disk.tell(messageOf(error), this.log);
    } finally {
      this.#isLooking = false;
    }
  }
}
