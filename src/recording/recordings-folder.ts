import { lstat, readdir, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { now, toDateTime } from "../base/clock.ts";
import { DiskLane, laneAt } from "../base/disk-lane.ts";
import { codeOf } from "../base/error-code.ts";
import { messageOf } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import { assertFile } from "../base/regular-file.ts";
import { FileCollection } from "../outputs/file-collection.ts";
import type { FilePart, StoredFile } from "../outputs/stored-file.ts";
import { unclosedSummary } from "./closing.ts";
import { describeRecording, type RecordingDescription } from "./describe.ts";
import { type DiskRoom, roomIn } from "./disk-room.ts";
import { draftOf, nameFile } from "./free-name.ts";
import { HeldFolder } from "./held-folder.ts";
import { LEFT_OUT, ledgerPathOf, type RecordingSummary, type SourceSum } from "./ledger.ts";
import { ledgerAsCsv, ledgerAsJson } from "./ledger-tables.ts";
import { posterOf } from "./posters.ts";
import { isBeingRecorded } from "./recording-claims.ts";
import { recordedElsewhere } from "./recording-files.ts";
import { removeRecording } from "./remove-recording.ts";

/** What is said of each recording beside what is said of every file. */
export const RECORDING_SCHEMA = {
  camera: { type: "string" },
  reason: { type: "string", description: "Why it was made" },
  first: { type: "number", unit: "ms", description: "Capture time of the first frame, since 1970" },
  last: { type: "number", unit: "ms", description: "Capture time of the last frame, since 1970" },
  started: { type: "string", format: "date-time", description: "The first frame's, for people" },
  duration: { type: "number", unit: "s", description: "From the first frame to the last" },
  frames: { type: "integer" },
  rate: { type: "number", unit: "Hz", description: "Frames a second, from the first to the last" },
  longest_gap: { type: "number", unit: "s", description: "The longest from one frame to the next" },
  dropped: { type: "integer", description: "Frames that were lost; its ledger says why" },
  left_out: {
    type: "integer",
    description: "Frames that are not in it on purpose: those between the pictures of a timelapse",
  },
  source_lost: {
    type: "integer",
    description: "Frames that its source says it lost before they were frames; its ledger says why",
  },
  source_outages: { type: "integer", description: "How often its source failed meanwhile" },
  ended: { type: "string", description: "Why it ended" },
} as const;

/** A large folder is not read again before so many times of what reading it took. */
const MOST_EVERY = 20;

/** How many files are told of that are not listed. */
const MOST_UNLISTED = 1000;
const LONGEST_TICK_MS = 2000;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  mkv: "video/x-matroska",
  mp4: "video/mp4",
  jpg: "image/jpeg",
  webm: "video/webm",
};

/**
 * A folder of recordings, one process at a time: what is in it, as files that clients can fetch, each with its poster and its
 * ledger. Several recorders of one process may share it.
 */
export class RecordingsFolder {
  readonly folder: string;
  readonly files: FileCollection;
  #looks = new DiskLane();
  #log: Log = silentLog;
  #held: HeldFolder | undefined;
  #endRepairs: () => void = () => {};
  /** What stands in the folder and is no recording: said once. */
  readonly #unlisted = new Set<string>();
  /** What the folder was like when it was looked at last, and what that took. */
  #seen = { as: "", since: 0, isSettled: false, at: Number.NEGATIVE_INFINITY, tookMs: 0 };

  /** @param onChange - Called whenever a recording is added, has changed or is gone. */
  constructor(folder: string, onChange?: () => void) {
    this.folder = resolve(folder);
    this.files = new FileCollection(onChange);
  }

  /**
   * Makes the folder, lists what is in it, and begins to repair what was not closed.
   * @throws {ThingError} `RECORDING_FAILED` when it cannot be used, or another process records to it.
   */
  async open(log: Log = silentLog): Promise<void> {
    this.#log = log;
    const held = await HeldFolder.take(this.folder, log);
    this.#held = held;
    this.#looks = held.looks;
    this.files.share(held.files("recordings"));
    this.#endRepairs = held.onRepaired((path) => void this.refreshed(path));
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

  /** Lets the folder go. */
  async close(): Promise<void> {
    this.#endRepairs();
    this.files.unshare();
    await this.#held?.release();
    this.#held = undefined;
  }

  /** How full its disk is. */
  room(): Promise<DiskRoom> {
    return this.#onDisk(() => roomIn(this.folder));
  }

  /** Adds a file, which is there as a whole or not at all. A name that is taken gets a number. @returns its path. */
  async write(name: string, bytes: Uint8Array): Promise<string> {
    const wanted = join(this.folder, name);
    const draft = draftOf(wanted);
    await writeFile(draft, bytes);
    return nameFile(draft, wanted);
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

  async #look(path: string): Promise<StoredFile | undefined> {
    try {
      const { size, birthtimeMs, mtimeMs, description } = await this.#onDisk(async () => {
        const found = await lstat(path);
        assertFile(path, found);
        return { ...found, description: await describeRecording(path) };
      });
      const { head, summary = unclosedSummary(path) } = description;
      return this.files.put({
        path,
        mediaType: MEDIA_TYPES[extensionOf(path)] ?? "application/octet-stream",
        size,
        createdAt: summary?.first ?? (birthtimeMs || mtimeMs),
        isGrowing: isBeingRecorded(path) || isWrittenElsewhere(path, head, summary),
        about: aboutOf(head, summary),
        parts: partsOf(path, head !== undefined),
        remove: () => this.#looks.run(() => removeRecording(path)),
      });
    } catch (error) {
      if (codeOf(error) === "NOT_READY") return this.files.at(path); // as it was, while its disk hangs
      if (codeOf(error) !== "ENOENT") this.#warnOnce(path, messageOf(error));
      this.files.forget(path);
      return undefined;
    }
  }

  #warnOnce(path: string, why: string): void {
    if (this.#unlisted.has(path) || this.#unlisted.size >= MOST_UNLISTED) return;
    this.#unlisted.add(path);
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

function aboutOf(
  head: RecordingDescription["head"],
  summary: RecordingSummary | undefined,
): Record<string, unknown> {
  const { first, last } = summary ?? {};
  return {
    ...(head && { camera: head.camera, reason: head.reason }),
    ...(first !== undefined && { first, last, started: toDateTime(first) }),
    ...(first !== undefined && last !== undefined && { duration: round((last - first) / 1000) }),
    ...(summary && {
      frames: summary.written,
      ...(summary.rate !== undefined && { rate: summary.rate }),
      ...(summary.longestGap && { longest_gap: round(summary.longestGap.ms / 1000) }),
      ...lossesOf(summary),
      ...sourceOf(summary),
      ended: summary.ended,
    }),
  };
}

function lossesOf({ dropped, leftOut }: RecordingSummary): Record<string, number> {
  const { [LEFT_OUT]: before = 0, ...lost } = dropped; // of a version before
  const left_out = (leftOut ?? 0) + before;
  return {
    dropped: Object.values(lost).reduce((sum, count) => sum + count, 0),
    ...(left_out > 0 && { left_out }),
  };
}

function sourceOf({ source = [] }: Partial<RecordingSummary>): Record<string, number> {
  const sum = (kind: SourceSum["what"], member: "count" | "times") =>
    source.reduce((all, one) => (one.what === kind ? all + one[member] : all), 0);
  return { source_lost: sum("lost", "count"), source_outages: sum("outage", "times") };
}

function partsOf(path: string, hasLedger: boolean): Record<string, FilePart> {
  const poster: FilePart = { mediaType: "image/jpeg", content: () => posterOf(path) };
  return {
    poster,
    ...(hasLedger && {
      ledger: { mediaType: "application/x-ndjson", content: ledgerPathOf(path) },
      "ledger.csv": { mediaType: "text/csv; charset=utf-8", content: () => ledgerAsCsv(path) },
      "ledger.json": { mediaType: "application/json", content: () => ledgerAsJson(path) },
    }),
  };
}

function extensionOf(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
