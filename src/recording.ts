// `thingscope/recording`: recordings written, read, verified, repaired and exported. docs/api.md has these names by task.
export { stopped } from "./base/abort.ts";
export {
  type ClockOffset,
  clockOffset,
  type SteadyOffset,
  steadyOffset,
} from "./base/fleet-clock.ts";
export { type Export, type ExportOptions, exportRecording } from "./recording/export/export.ts";
export { RECORDING_SCHEMA } from "./recording/folder/about-recording.ts";
export {
  type ExportFailure,
  RecordingsFolder,
} from "./recording/folder/recordings-folder.ts";
export {
  LEFT_OUT,
  type LedgerFrame,
  type LostFrames,
  type RecordingSummary,
} from "./recording/ledger/ledger.ts";
export type { Verdict } from "./recording/ledger/verdict.ts";
export type { VideoFormat } from "./recording/ledger/video-format.ts";
export {
  openRecording,
  type RecordedFrame,
  type Recording,
} from "./recording/read/open-recording.ts";
export { type CaptureTimes, captureTimes } from "./recording/read/recorded-clock.ts";
export { RecordingSource, type RecordingSourceOptions } from "./recording/read/recording-source.ts";
export { type VerifyOptions, verifyRecording } from "./recording/read/verify.ts";
export { type Repair, type RepairOptions, repairRecording } from "./recording/repair/repair.ts";
export type { ContinuousOptions, ContinuousSummary } from "./recording/write/continuous-options.ts";
export {
  type ContinuousRecording,
  startRecording,
} from "./recording/write/continuous-recording.ts";
export type {
  Conversion,
  FrameWriter,
  RecorderPhase,
  RecordOptions,
} from "./recording/write/event-file.ts";
export {
  MultiVideoRecorder,
  type MultiVideoRecorderOptions,
} from "./recording/write/multi-video-recorder.ts";
export { type PreRoll, type PreRollLimits, PreRollRing } from "./recording/write/pre-roll.ts";
export { RecordingCounts } from "./recording/write/recording-counts.ts";
export type { RecordingOptions } from "./recording/write/recording-options.ts";
export { RecordingWriter } from "./recording/write/recording-writer.ts";
export { VideoRecorder } from "./recording/write/video-recorder.ts";
export type { VideoRecorderOptions } from "./recording/write/video-recorder-options.ts";
