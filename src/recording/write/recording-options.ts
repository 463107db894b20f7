import { basename } from "node:path";
import type { ClockOffset } from "../../base/fleet-clock.ts";
import type { Log } from "../../base/log.ts";
import { packageVersion } from "../../base/package-root.ts";
import { identityAnywhere } from "../../base/process-place.ts";
import type { Frame, FrameName } from "../../frames/frame.ts";
import { orientationOf } from "../../frames/jpeg/jpeg.ts";
import type { RoomLimits } from "../files/folder-room.ts";
import type { ExportWish } from "../ledger/export-wish.ts";
import { type LedgerHead, noteLine } from "../ledger/ledger.ts";
import { ORIENTATION } from "../matroska/matroska.ts";
import { MatroskaMjpeg } from "../matroska/matroska-mjpeg.ts";
import type { RecordingCounts } from "./recording-counts.ts";
import type { FrameQueue } from "./write-queue.ts";

/** What a recording is called, and what is said of it in the file. */
export interface RecordingOptions {
  /** Ends with `.mkv`. A name that is taken gets a number. */
  readonly path: string;
  readonly camera?: string | undefined;
  /** Why it is made: "a trigger", "continuous". */
  readonly reason?: string | undefined;
  /** Settings of the camera, as JSON. */
  readonly settings?: unknown;
  /** Frames a second that the camera is set to give, where it says so. */
  readonly expectedFps?: number | undefined;
  /** The file's time 0, on the clock of the frames, ms; the first frame's capture time when absent. */
  readonly timeZero?: number | undefined;
  /** How much may wait for the disk, bytes. What comes beyond is dropped and counted. */
  readonly maxQueuedBytes?: number | undefined;
  /** What it leaves free: it is not begun where there is less, and ends before that is touched. All is taken when absent. */
  readonly room?: RoomLimits | undefined;
  /** Instead of `maxQueuedBytes`, a bound that several files have together. */
  readonly queue?: FrameQueue | undefined;
  /** The frame before the first one, when that is in another file of the same recording. */
  readonly follows?: FrameName | undefined;
  /** How many pictures the camera's stream has refused so far. */
  readonly refused?: (() => number) | undefined;
  /** Whose clock stamped the frames: that of `now()` in this process, or a wall clock, as another server's. `now` when absent. */
  readonly clock?: "now" | "wall" | undefined;
  /** What is to be made of it when it is closed: its ledger says so from the first line on. */
  readonly exporting?: ExportWish | undefined;
  /** Counts its frames, with those of other files. */
  readonly counts?: RecordingCounts | undefined;
  readonly log?: Log | undefined;
}

/** What stands at the head of both files, which the first frame decides. */
export function headsOf(
  path: string,
  first: Frame,
  options: RecordingOptions,
  clock: ClockOffset | undefined,
) {
  const { camera = "camera", reason = "", settings, exporting } = options;
  const timeZero = Math.min(options.timeZero ?? first.capturedAt, first.capturedAt);
  const { expectedFps = 0 } = options;
  const rate = expectedFps > 0 && Number.isFinite(expectedFps) ? expectedFps : undefined;
  const software = `thingscope ${packageVersion()}`;
  const tags = {
    CAMERA: camera,
    RUN: first.run,
    REASON: reason,
    SETTINGS: JSON.stringify(settings) ?? "",
  };
  const { width, height } = first;
  const lying = orientationOf(first.jpeg);
  const allTags = lying === 1 ? tags : { ...tags, [ORIENTATION]: `${lying}` };
  const mkv = new MatroskaMjpeg({ width, height, timeZero, software, rate, tags: allTags });
  const head: LedgerHead = {
    ledger: 1,
    file: basename(path),
    camera,
    reason,
    timeZero: mkv.info.timeZero,
    software,
    process: identityAnywhere,
    ...(rate !== undefined && { expectedFps: rate }),
    ...(settings !== undefined && { settings }),
    ...(exporting && { exporting }),
    ...(clock && { clock }),
  };
  return { head: noteLine(head), mkv };
}
