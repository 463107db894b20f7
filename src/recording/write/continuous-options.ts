import type { Log } from "../../base/log.ts";
import type { RoomLimits } from "../files/folder-room.ts";
import type { RecordingSummary } from "../ledger/ledger.ts";
import type { RecordedCamera } from "./recorded-camera.ts";
import type { RecordingCounts } from "./recording-counts.ts";

/** What is recorded, where to, and when a new file begins. */
export interface ContinuousOptions {
  /** A stream, or a camera whose main stream it is. */
  readonly camera: RecordedCamera;
  /** Ends with `.mkv`, or with `.mp4` or `.webm`, of which ffmpeg makes it while it is recorded. Files of a recording that is split are numbered: `nest-00.mkv`, `nest-01.mkv`. */
  readonly path: string;
  /** A file is at most this long. */
  readonly splitSec?: number | undefined;
  /** A file has at most this many bytes. */
  readonly splitBytes?: number | undefined;
  /** How many files are kept: the one of this recording that was begun first is removed for the newest, with all that was made of it. */
  readonly maxFiles?: number | undefined;
  /** Bytes that stay free on the disk: 500 MB. Recording ends before they are touched. */
  readonly reserveBytes?: number | undefined;
  /** Bytes that all recordings in the folder may have together. */
  readonly quotaBytes?: number | undefined;
  /** How much may wait for the disk, bytes: 64 MB. */
  readonly maxQueuedBytes?: number | undefined;
  /** Said in each file: "continuous" when absent. */
  readonly reason?: string | undefined;
  /** Kept in each file as they are when it is begun, as JSON. */
  readonly settings?: (() => unknown) | undefined;
  /** Keeps the MKV that an MP4 or a WebM is made of. */
  readonly keepMkv?: boolean | undefined;
  /** Cuts off what is made of its files: the MKVs are what there is then. */
  readonly exportSignal?: AbortSignal | undefined;
  /** Frames captured before this time, epoch ms, are not taken. It is asked for again until one is. */
  readonly from?: (() => number) | undefined;
  /** Told of each file when it is there, when it is closed (with its summary), and when it made way for another. */
  readonly onFile?: ((path: string, summary?: RecordingSummary) => unknown) | undefined;
  /** Ends it before it has begun: it then rejects with the signal's reason, and leaves no file. */
  readonly signal?: AbortSignal | undefined;
  /** Counts its frames, with those of other recordings. */
  readonly counts?: RecordingCounts | undefined;
  readonly log?: Log | undefined;
}

/** How a continuous recording went, all its files together. */
export interface ContinuousSummary {
  readonly ended: string;
  readonly captured: number;
  readonly written: number;
  readonly dropped: number;
  /** Files that are kept, oldest first. */
  readonly files: readonly { readonly path: string; readonly summary: RecordingSummary }[];
}

const RESERVE_BYTES = 500e6;

/** Whether these make more than one file. */
export function isSplitBy({ splitSec, splitBytes }: ContinuousOptions): boolean {
  return splitSec !== undefined || splitBytes !== undefined;
}

/** What these leave to a disk. */
export function roomOf(options: ContinuousOptions): RoomLimits {
  const { reserveBytes = RESERVE_BYTES, quotaBytes = Number.POSITIVE_INFINITY } = options;
  return { reserveBytes, quotaBytes };
}

/** The name of a file of a recording that is split: `nest-00.mkv`. */
export function numbered(path: string, number: number): string {
  return path.replace(/(\.\w+)$/, `-${String(number).padStart(2, "0")}$1`);
}
