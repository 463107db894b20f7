import type { VideoFormat } from "thingscope/recording";
import type { RecordingsOptions } from "./recordings-thing.ts";

/** Options of a Recorder. */
export interface RecorderOptions extends RecordingsOptions {
  /** Seconds before a trigger. Default 2. */
  readonly pre_s?: number;
  /** Seconds after a trigger. Default 2. */
  readonly post_s?: number;
  /** Memory for the frames before a trigger. Default 64 MB. */
  readonly pre_roll_mb?: number;
  /** When frames are held for a trigger: `always` (default), for which the camera runs; or while it is `watched` by somebody else. */
  readonly pre_roll_while?: "always" | "watched";
  /** How long a trigger's file may be before the next one begins, s. Default 600. */
  readonly max_event_s?: number;
  /** Default `mkv`. ffmpeg makes an `mp4` or `webm` during the recording; the MKV is removed when that has every frame. */
  readonly format?: "mkv" | VideoFormat;
  /** Keeps the MKV beside it. */
  readonly keep_mkv?: boolean;
  /** Times of an event's MP4 or WebM are those of the stream, as an MKV's are, and do not begin at 0. */
  readonly keep_start?: boolean;
}
