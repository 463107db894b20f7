import type { Log } from "../../base/log.ts";
import type { RoomLimits } from "../files/folder-room.ts";
import type { FrameWriter } from "./event-file.ts";
import type { PreRoll, PreRollLimits } from "./pre-roll.ts";
import type { RecordedCamera, RecordedTee } from "./recorded-camera.ts";
import type { RecordingCounts } from "./recording-counts.ts";
import type { RecordingOptions } from "./recording-options.ts";

/** What a recorder of events records, where to, and how much about each trigger. */
export interface VideoRecorderOptions {
  /** A stream, or a camera whose main stream it is; or else `pipeline`. */
  readonly camera?: RecordedCamera | undefined;
  /** A pipeline, which runs while this recorder does. */
  readonly pipeline?: RecordedTee["pipeline"] | undefined;
  /** Which of the pipeline's tees; the first when absent. */
  readonly srcTeeName?: string | undefined;
  /** Called once for each file; its name ends with `.mkv`, or with `.mp4` or `.webm`, of which ffmpeg makes it. */
  readonly filenameGenerator: () => string;
  /** Seconds before and after a trigger. */
  readonly windowSizeSec?: number | undefined;
  /** Seconds before a trigger, if others than after it. */
  readonly preSec?: number | undefined;
  /** Seconds after a trigger, if others than before it. */
  readonly postSec?: number | undefined;
  /** How much may be held of the time before a trigger, bytes: 64 MiB. It all reaches the file that the trigger begins. */
  readonly maxPreRollBytes?: number | undefined;
  /** Frames are held for a trigger only while somebody else watches the stream, so that the camera need not run for that. False when absent. */
  readonly preRollWhileWatched?: boolean | undefined;
  /** How much of what comes after a trigger may wait for the disk, bytes, in all files together: 64 MiB. */
  readonly maxQueuedBytes?: number | undefined;
  /** A file is at most this long, s: 600. An event that goes on has several files, each of which begins with the very next frame. */
  readonly maxSec?: number | undefined;
  /** A file has at most about this many bytes: 4 GB, which every file system takes. */
  readonly maxFileBytes?: number | undefined;
  /** What holds the frames before a trigger. */
  readonly ringBufferClass?: new (
    limits: PreRollLimits,
  ) => PreRoll;
  /** What files leave free: a trigger is refused where there is less, and a file ends before that is touched. All is taken when absent. */
  readonly room?: RoomLimits | undefined;
  /** Keeps the MKV that an MP4 or a WebM is made of. */
  readonly keepMkv?: boolean | undefined;
  /** Times of an MP4 or a WebM are those of the stream, as an MKV's are, and do not begin at 0. */
  readonly keepStart?: boolean | undefined;
  /** Cuts off what is made of its recordings: the MKVs are what there is then. */
  readonly exportSignal?: AbortSignal | undefined;
  /** What writes a file. */
  readonly recordBinClass?: new (
    options: RecordingOptions,
  ) => FrameWriter;
  /** Said in each file, unless its first trigger says another. */
  readonly reason?: string | undefined;
  /** Kept in each file as they are when it is begun, as JSON. */
  readonly settings?: (() => unknown) | undefined;
  /** Counts its frames, with those of other recordings. */
  readonly counts?: RecordingCounts | undefined;
  /** The clock that stamps frames, epoch ms. */
  readonly clock?: (() => number) | undefined;
  readonly log?: Log | undefined;
}
