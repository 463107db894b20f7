import { VideoRecorder as EventRecorder } from "../../recording/write/video-recorder.ts";
import type { VideoRecorderOptions as EventRecorderOptions } from "../../recording/write/video-recorder-options.ts";

/** pythiags' numbers for a recorder's phases. */
export const RECORDER_STATE = {
  DETACHED: 0,
  BUFFERING: 1,
  STARTING: 2,
  RECORDING: 4,
  FINISHING: 8,
} as const;

const NUMBER_OF = {
  detached: RECORDER_STATE.DETACHED,
  buffering: RECORDER_STATE.BUFFERING,
  starting: RECORDER_STATE.STARTING,
  recording: RECORDER_STATE.RECORDING,
  finishing: RECORDER_STATE.FINISHING,
} as const;

/** Options of an event recorder, with pythiags' names. */
export interface VideoRecorderOptions extends EventRecorderOptions {
  /** Accepted but without effect, as in pythiags. */
  readonly timeoutSec?: number | undefined;
}

/** pythiags' VideoRecorder: the event recorder, which also has its phase as pythiags' number. */
export class VideoRecorder extends EventRecorder {
  constructor({ timeoutSec: _, ...options }: VideoRecorderOptions) {
    super(options);
  }

  /** One of `RECORDER_STATE`. */
  get state(): number {
    return NUMBER_OF[this.phase];
  }
}
