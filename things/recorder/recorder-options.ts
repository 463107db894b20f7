import type { VideoFormat } from "thingscope/recording";
import type { RecordingsOptions } from "./recordings-thing.ts";

/** What a Recorder is made with. */
export interface RecorderOptions extends RecordingsOptions {
  /** Seconds before a trigger: 2. */
  readonly pre_s?: number;
  /** Seconds after it: 2. */
  readonly post_s?: number;
  /** How much may be held of the time before a trigger: 64 MB. */
  readonly pre_roll_mb?: number;
  /** How long a trigger's file may be before the next one begins, s: 600. */
  readonly max_event_s?: number;
  /** `mkv` when absent. ffmpeg makes an `mp4` or a `webm` while it is recorded; the MKV goes when that has every frame. */
  readonly format?: "mkv" | VideoFormat;
  /** Keeps the MKV beside it. */
  readonly keep_mkv?: boolean;
  /** Times of an event's MP4 or WebM are those of the stream, as an MKV's are, and do not begin at 0. */
  readonly keep_start?: boolean;
}
