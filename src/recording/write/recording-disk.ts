import { basename } from "node:path";
import { crc32 } from "../../base/crc32.ts";
import { codeOf, messageOf } from "../../base/errors.ts";
import type { Frame } from "../../frames/frame.ts";
import { Vanished } from "../files/file-watch.ts";
import type { RecordingFiles } from "../files/recording-files.ts";
import {
  frameLine,
  type LedgerNote,
  type LostFrames,
  noteLine,
  type RecordingSummary,
} from "../ledger/ledger.ts";
import type { Tally } from "../ledger/tally.ts";
import type { Patch } from "../matroska/matroska.ts";
import type { MatroskaMjpeg } from "../matroska/matroska-mjpeg.ts";

/** What waits to be written, in order. */
export type Item = FrameItem | { readonly note: LedgerNote };

interface FrameItem {
  readonly frame: Frame;
  /** Called when the picture is on its way to the disk and not needed any more. Not called when that fails. */
  readonly onWritten?: (() => void) | undefined;
}

/** How far both files are whole. */
interface Position {
  readonly videoEnd: number;
  readonly ledgerEnd: number;
  readonly tick: number;
}

type Written = Position & { readonly item: Item };

/**
 * Puts frames into the two files in the right order, and knows at each moment how far both are whole: when a write
 * fails, they are cut back to the last frame that both have.
 */
export class RecordingDisk {
  readonly #files: RecordingFiles;
  readonly #mkv: MatroskaMjpeg;
  readonly #tally: Tally;
  /** What stands in the ledger after the last frame, if that could not be written with it. */
  readonly #lateNotes: LedgerNote[] = [];
  /** Sizes of clusters that the disk did not take when the next ones began. */
  readonly #latePatches: Patch[] = [];
  #before: Position;
  /** The newest batch: on a full disk its frames make room for the end of the file. */
  #newest: Written[] = [];

  private constructor(files: RecordingFiles, mkv: MatroskaMjpeg, tally: Tally) {
    this.#files = files;
    this.#mkv = mkv;
    this.#tally = tally;
    this.#before = { videoEnd: files.videoEnd, ledgerEnd: files.ledgerEnd, tick: -1 };
  }

  /** Begins both files with their heads. They are on the disk before any frame: without the ledger's nobody would know who the first ones are. */
  static async begin(files: RecordingFiles, mkv: MatroskaMjpeg, tally: Tally, ledgerHead: string) {
    await files.append(ledgerHead, [mkv.head], []);
    await files.sync();
    return new RecordingDisk(files, mkv, tally);
  }

  /** Writes a batch. If that fails, what was not written is counted as lost, and the error is thrown. */
  async write(items: readonly Item[]): Promise<void> {
    const plan = this.#plan(items);
    try {
      await this.#files.append(plan.lines, plan.pieces, plan.patches);
      this.#keep(plan.written);
    } catch (error) {
      const { videoEnd, ledgerEnd } = this.#files;
      const isWhole = (one: Position) => one.videoEnd <= videoEnd && one.ledgerEnd <= ledgerEnd;
      const whole = plan.written.filter(isWhole);
      this.#keep(whole);
      this.#latePatches.push(...plan.patches);
      this.lose(items.slice(whole.length), diskFault(error));
      throw error;
    }
  }

  /** These will not be written. */
  lose(items: readonly Item[], why: string): void {
    for (const item of items) {
      if ("note" in item) this.#lateNotes.push(item.note);
      else this.#lateNotes.push(...this.#tally.lose(lostFrame(item.frame, why)));
    }
  }

  /** These came when the recording had ended by itself. */
  loseLate(ranges: readonly LostFrames[]): void {
    for (const lost of ranges) this.#lateNotes.push(...this.#tally.lose(lost));
  }

  sync(): Promise<void> {
    return this.#files.sync();
  }

  /** Closes the file and its ledger; can be tried again after it failed. On a full disk the newest frames make room for that. */
  async finish(ended: string, refused: number): Promise<RecordingSummary> {
    for (;;) {
      try {
        await this.#cutBack();
        const { cues, patches } = this.#mkv.closing();
        this.#lateNotes.push(...this.#tally.endOfLoss());
        // First of all, so that a repair knows of them where the video cannot be closed.
        await this.#files.appendLines(this.#lateNotes.map(noteLine).join(""));
        const { videoEnd } = this.#whole;
        const late = this.#latePatches.filter(({ at }) => at < videoEnd);
        await this.#files.finish(cues, [...late, ...patches], () =>
          noteLine({ summary: this.summary(ended, refused) }),
        );
        return this.summary(ended, refused);
      } catch (error) {
        if (!isDiskFull(error) || !this.#giveUpNewest(diskFault(error))) throw error;
      }
    }
  }

  /** How it went, as far as it is known. */
  summary(ended: string, refused: number): RecordingSummary {
    return this.#tally.summary(ended, refused, this.#files.videoEnd);
  }

  get #whole(): Position {
    return this.#newest.at(-1) ?? this.#before;
  }

  #plan(items: readonly Item[]) {
    const [pieces, patches, written]: [Uint8Array[], Patch[], Written[]] = [[], [], []];
    let lines = "";
    let { ledgerEnd, tick } = this.#whole;
    for (const item of items) {
      let line: string;
      if ("frame" in item) {
        const { run, index, capturedAt, jpeg, origin } = item.frame;
        const placed = this.#mkv.place(item.frame);
        const { offset } = placed;
        tick = placed.tick;
        pieces.push(...placed.pieces);
        if (placed.patch) patches.push(placed.patch);
        const bytes = { offset, size: jpeg.length, crc: crc32(jpeg) };
        line = frameLine({ run, index, capturedAt, ...bytes, originIndex: origin?.index });
      } else {
        line = noteLine(item.note);
      }
      lines += line;
      ledgerEnd += Buffer.byteLength(line);
      written.push({ item, videoEnd: this.#mkv.end, ledgerEnd, tick });
    }
    return { lines, pieces, patches, written };
  }

  #keep(written: Written[]): void {
    if (written.length === 0) return; // the batch before is still the newest
    this.#before = this.#whole;
    this.#newest = written;
    for (const { item } of written) if ("frame" in item) this.#tally.wrote(item.frame.capturedAt);
  }

  async #cutBack(): Promise<void> {
    const { videoEnd, ledgerEnd, tick } = this.#whole;
    this.#mkv.cutTo(videoEnd, tick, this.#tally.written);
    const isTorn = this.#files.videoEnd > videoEnd || this.#files.ledgerEnd > ledgerEnd;
    if (isTorn) await this.#files.cutTo(videoEnd, ledgerEnd);
  }

  /** @returns Whether there was a frame to give up. */
  #giveUpNewest(why: string): boolean {
    for (let last = this.#newest.pop(); last; last = this.#newest.pop()) {
      if ("note" in last.item) {
        this.#lateNotes.unshift(last.item.note);
        continue;
      }
      const before = this.#newest.findLast(({ item }) => "frame" in item)?.item;
      const time = before && "frame" in before ? before.frame.capturedAt : undefined;
      this.#lateNotes.unshift(...this.#tally.takeBack(lostFrame(last.item.frame, why), time));
      return true;
    }
    return false;
  }
}

/** FAT takes 4 GiB, and a process may have a limit: another file may go on. */
export const FILE_IS_FULL = "the file is as large as its disk allows";

/** A name has 255 bytes at most on most disks, and a ledger's is longer than its video's. */
const LONGEST_NAME = 240;

/** What went wrong with a disk, in a few words for the ledger. */
export function diskFault(error: unknown): string {
  if (codeOf(error) === "EFBIG") return FILE_IS_FULL;
  if (error instanceof Vanished) return error.message;
  return isDiskFull(error) ? "the disk is full" : `the disk failed: ${messageOf(error)}`;
}

/** Why a disk may have refused a name, as a sentence that follows on another; empty where it is not the name's fault. */
export function hintAt(path: string): string {
  const name = basename(path);
  if (Buffer.byteLength(name) > LONGEST_NAME) return " Choose a shorter name.";
  if (!/[<>:"|?*]|[. ]\.\w+$/.test(name)) return "";
  return ' On FAT, exFAT and Windows, a name must not contain <>:"|?* or end with a space or a dot.';
}

/** A frame as a loss of one. */
export function lostFrame({ run, index }: Frame, why: string) {
  return { run, from: index, to: index, why };
}

function isDiskFull(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "EFBIG"].includes(codeOf(error));
}
