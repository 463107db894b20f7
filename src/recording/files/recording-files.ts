import { type FileHandle, open, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf, ThingError } from "../../base/errors.ts";
import { holderOf, isOwn } from "../../base/process-place.ts";
import { makeFolder, syncFile, syncFolder } from "../../base/sync-folder.ts";
import type { LedgerHead } from "../ledger/ledger.ts";
import { isMkv, isThere, ledgerPathOf, withExtension } from "../ledger/video-names.ts";
import type { Patch } from "../matroska/matroska.ts";
import { noteSize } from "./folder-room.ts";
import { claimRecording } from "./recording-claims.ts";
import { unlinkRecording } from "./remove-recording.ts";
import { type Vanished, vanished } from "./vanished.ts";

/** The process that is recording to a file, another one than this, if there is one. @param head - What the file's ledger begins with. */
export function recordedElsewhere(path: string, head?: LedgerHead): number | undefined {
  if (head?.process === undefined || isOwn(head.process)) return undefined; // another container may have its number
  return holderOf(path, head.process);
}

/** How many names are tried when the wanted one is taken. */
const MOST_NAMES = 1000;

/**
 * The two files of a recording, MKV and ledger. Each method is to be one turn on the disk's lane. `videoEnd` and
 * `ledgerEnd` say how far the files are written, also after a write that failed half-way.
 */
export class RecordingFiles {
  readonly path: string;
  readonly #video: FileHandle;
  readonly #ledger: FileHandle;
  readonly #release: () => void;
  #videoEnd = 0;
  #ledgerEnd = 0;
  #isNameSynced = false;

  private constructor(path: string, video: FileHandle, ledger: FileHandle, release: () => void) {
    this.path = path;
    this.#video = video;
    this.#ledger = ledger;
    this.#release = release;
  }

  /**
   * Makes both files. What is there is never overwritten: when `video.mkv` is taken, it is `video-2.mkv`.
   * @throws {ThingError} `BAD_ARGUMENT` when the name does not end with `.mkv`, or a thousand are taken.
   */
  static async create(path: string): Promise<RecordingFiles> {
    if (!isMkv(path)) {
      throw new ThingError(
        "BAD_ARGUMENT",
        `'${path}' is not the name of a recording: it must end with .mkv.`,
      );
    }
    const [stem, end] = [path.slice(0, -4), path.slice(-4)];
    for (let n = 1; n <= MOST_NAMES; n++) {
      const files = await RecordingFiles.#createAt(n === 1 ? path : `${stem}-${n}${end}`);
      if (files) return files;
    }
    throw new ThingError(
      "BAD_ARGUMENT",
      `'${path}' is in use, and so are ${MOST_NAMES} names like it. Choose another name.`,
    );
  }

  static async #createAt(path: string): Promise<RecordingFiles | undefined> {
    const release = claimed(path);
    if (!release) return undefined;
    let video: FileHandle | undefined;
    let ledger: FileHandle | undefined;
    try {
      if (await isOthers(path)) return undefined;
      video = await createFile(path);
      ledger = video && (await createFile(ledgerPathOf(path))); // its name is longer, and may be too long
      return ledger && new RecordingFiles(path, video!, ledger, release);
    } finally {
      if (!ledger) {
        // Why they could not be made is told; with their folder, what was made may be gone, too.
        await video
          ?.close()
          .then(() => unlink(path))
          .catch(() => {});
        release();
      }
    }
  }

  /** Bytes written to the MKV. */
  get videoEnd(): number {
    return this.#videoEnd;
  }

  /** Bytes written to the ledger. */
  get ledgerEnd(): number {
    return this.#ledgerEnd;
  }

  /** Adds to the ledger, then to the MKV, then patches that. */
  async append(lines: string, pieces: readonly Uint8Array[], patches: readonly Patch[]) {
    await this.appendLines(lines);
    await writeAll(this.#video, pieces, this.#videoEnd, (count) => {
      this.#videoEnd += count;
    });
    noteSize(this.path, this.#videoEnd);
    await this.patch(patches);
  }

  /** Adds to the ledger alone. */
  async appendLines(lines: string): Promise<void> {
    if (lines === "") return;
    await writeAll(this.#ledger, [Buffer.from(lines)], this.#ledgerEnd, (count) => {
      this.#ledgerEnd += count;
    });
    noteSize(ledgerPathOf(this.path), this.#ledgerEnd);
  }

  async patch(patches: readonly Patch[]): Promise<void> {
    for (const { at, bytes } of patches) await writeAll(this.#video, [bytes], at);
  }

  /** When it resolves, all that was written is on the disk. */
  async sync(): Promise<void> {
    if (!this.#isNameSynced) await syncFolder(dirname(this.path)).catch(unlessMoved);
    this.#isNameSynced = true;
    await syncFile(this.#ledger);
    await syncFile(this.#video);
  }

  /** Why the files are no longer those under their names, if they are not. */
  async vanished(): Promise<Vanished | undefined> {
    const video = await vanished(this.#video, this.path);
    if (video) return video;
    const ledger = await vanished(this.#ledger, ledgerPathOf(this.path));
    return ledger && { why: ledger.why.replace("its file", "its ledger"), isLost: false };
  }

  /** Says by the file's time that somebody writes it, though nothing comes: see `FOREIGN_QUIET_MS`. */
  async touch(): Promise<void> {
    await this.#video.utimes(new Date(), new Date());
  }

  /** Takes back what was written after these places. */
  async cutTo(videoEnd: number, ledgerEnd: number): Promise<void> {
    await this.#video.truncate(videoEnd);
    await this.#ledger.truncate(ledgerEnd);
    this.#videoEnd = videoEnd;
    this.#ledgerEnd = ledgerEnd;
    noteSize(this.path, videoEnd);
    noteSize(ledgerPathOf(this.path), ledgerEnd);
  }

  /** Closes the MKV, and only then says so in the ledger. */
  async finish(cues: Uint8Array, patches: readonly Patch[], lines: () => string) {
    await this.append("", [cues], []);
    await this.sync();
    await this.patch(patches);
    await syncFile(this.#video);
    await this.appendLines(lines());
    await syncFile(this.#ledger);
  }

  async close(): Promise<void> {
    await this.#closeFiles();
    this.#release();
  }

  /** Removes both files, unless others have taken their place. */
  async remove(): Promise<void> {
    const isGone = (await this.vanished()) !== undefined;
    await this.#closeFiles();
    if (isGone) this.#release();
    else await unlinkRecording(this.path).finally(this.#release);
  }

  async #closeFiles(): Promise<void> {
    await Promise.allSettled([this.#video.close(), this.#ledger.close()]);
  }
}

/** Who looks after the files will tell. */
function unlessMoved(error: unknown): void {
  if (codeOf(error) !== "ENOENT") throw error;
}

/** A name is taken, too, while what had it is being removed or repaired. */
function claimed(path: string): (() => void) | undefined {
  try {
    return claimRecording(path, "recording");
  } catch {
    return undefined;
  }
}

/** A video in another format, of a recording that is called otherwise: a ledger beside it would be taken for its own. */
async function isOthers(path: string): Promise<boolean> {
  const videos = ["mp4", "webm"].map((format) => isThere(withExtension(path, format)));
  return (await Promise.all(videos)).includes(true);
}

/** Writes every byte of `pieces`, also when the system takes a part at a time; `onWritten` counts them. */
export async function writeAll(
  file: FileHandle,
  pieces: readonly Uint8Array[],
  position: number,
  onWritten: (count: number) => void = () => {},
): Promise<void> {
  let left = pieces.filter(({ length }) => length > 0);
  let at = position;
  while (left.length > 0) {
    const { bytesWritten } = await file.writev(left, at);
    onWritten(bytesWritten);
    at += bytesWritten;
    left = after(left, bytesWritten);
  }
}

function after(pieces: readonly Uint8Array[], count: number): Uint8Array[] {
  const rest = [...pieces];
  let skip = count;
  while (rest.length > 0 && skip >= rest[0]!.length) skip -= rest.shift()!.length;
  if (skip > 0) rest[0] = rest[0]!.subarray(skip);
  return rest;
}

async function createFile(path: string): Promise<FileHandle | undefined> {
  await makeFolder(dirname(path));
  try {
    return await open(path, "wx+");
  } catch (error) {
    if (codeOf(error) === "EEXIST") return undefined;
    throw error;
  }
}
