export {
  abortable,
  delay,
  ignoreAbort,
  isAbort,
  isStopped,
  stopped,
  withDeadline,
  within,
} from "./base/abort.ts";
export { now, steadyTime, toDateTime, wallTime } from "./base/clock.ts";
export {
  ERROR_STATUS,
  type ErrorCode,
  type InputFault,
  messageOf,
  ThingError,
} from "./base/errors.ts";
export { type Log, type LogLevel, logTo, namedLog, silentLog } from "./base/log.ts";
export {
  type ListedLog,
  LogFolder,
  type LogFolderOptions,
  type LoggedLine,
  type LogShelf,
} from "./base/log-folder.ts";
export { packagePath } from "./base/package-root.ts";
export type { ActionOptions, AffordanceOptions } from "./core/action-options.ts";
export { type Affordance, affordancesOf, type Role } from "./core/affordances.ts";
export {
  action,
  endpoint,
  event,
  files,
  type SlotOptions,
  slot,
  stream,
} from "./core/decorators.ts";
export type { EndpointRequest, EndpointResponse } from "./core/endpoint.ts";
export { ThingEvent } from "./core/event.ts";
export type { AddOptions, HostOptions } from "./core/host-options.ts";
export { HostedThing } from "./core/hosted-thing.ts";
export { detachedInvocation, InvocationRecord } from "./core/invocation.ts";
export { type PropertyOptions, property, setting } from "./core/property-decorators.ts";
export type { Invocation } from "./core/running.ts";
export { Thing, type ThingContext } from "./core/thing.ts";
export { ThingHost } from "./core/thing-host.ts";
export { type ThingModel, thingModelOf } from "./core/thing-model.ts";
export {
  decodeLuma,
  decodeRgb,
  encodeJpeg,
  type JpegQuality,
  renderSvg,
  renderSvgRaw,
  resizeJpeg,
} from "./frames/codec.ts";
export { type ExifTags, withExif } from "./frames/exif.ts";
export type { Frame, Origin, SourceLoss } from "./frames/frame.ts";
export {
  type FrameSink,
  type FrameSource,
  fromIterable,
  type IterableSource,
  type RunningSource,
  type SourceFrame,
} from "./frames/frame-source.ts";
export {
  imageFromPlanes,
  type PlanarPicture,
  READABLE_FORMATS,
} from "./frames/from-planes.ts";
export { type GdpBuffer, GdpParser } from "./frames/gdp.ts";
export { STANDARD_HUFFMAN_TABLES } from "./frames/huffman-tables.ts";
export {
  inspectJpeg,
  type JpegInfo,
  MAX_JPEG_BYTES,
  MAX_JPEG_PIXELS,
} from "./frames/jpeg.ts";
export { JpegSplitter } from "./frames/jpeg-splitter.ts";
export { boundaryOf, MultipartParser, type Part } from "./frames/multipart.ts";
export {
  PIXEL_FORMATS,
  type PixelFormat,
  type Planes,
  toPixelFormat,
} from "./frames/pixel-formats.ts";
export { drawText, type TextStyle } from "./frames/pixel-text.ts";
export { RateMeter } from "./frames/rate.ts";
export type { RawImage } from "./frames/raw-image.ts";
export {
  brenner,
  FOCUS_MEASURES,
  type FocusMeasure,
  laplacianVariance,
  normalisedVariance,
  tenengrad,
} from "./frames/sharpness.ts";
export { testCard } from "./frames/test-card.ts";
export { type Rgba, toRgba, turn } from "./frames/turn.ts";
export { Camera, type CameraOptions, type StillPicture } from "./instruments/camera.ts";
export { type Motion, type Position, Stage } from "./instruments/stage.ts";
export { Blob, blobSchema } from "./outputs/blob.ts";
export { Demand } from "./outputs/demand.ts";
export { derive } from "./outputs/derive.ts";
export { type Feeding, feed } from "./outputs/feed.ts";
export type { FeedOptions } from "./outputs/feed-options.ts";
export { FileCollection } from "./outputs/file-collection.ts";
export type { FrameEntry, FrameLog, Gap } from "./outputs/frame-log.ts";
export type { FrameFeed } from "./outputs/frame-outlet.ts";
export { MJPEGStream } from "./outputs/mjpeg-stream.ts";
export type { SourcePhase, SourceStatus } from "./outputs/source-state.ts";
export {
  type FilePart,
  StoredFile,
  type StoredFileOptions,
  storedFileSchema,
} from "./outputs/stored-file.ts";
export type {
  FrameInUse,
  FrameOptions,
  StreamOptions,
  StreamStats,
} from "./outputs/stream-options.ts";
export type { VariantOptions } from "./outputs/stream-request.ts";
export type { ViewerFanOut, ViewerOptions, ViewerStats } from "./outputs/viewers.ts";
export type { Parameters } from "./processes/template.ts";
export { RECORDING_SCHEMA } from "./recording/about-recording.ts";
export type { ContinuousOptions, ContinuousSummary } from "./recording/continuous-options.ts";
export { ContinuousRecording, startRecording } from "./recording/continuous-recording.ts";
export {
  type ConvertingOptions,
  ConvertingWriter,
} from "./recording/converting-writer.ts";
export type { DiskRoom } from "./recording/disk-room.ts";
export { type FrameWriter, RECORDER_STATE, type RecordOptions } from "./recording/event-file.ts";
export { type Export, type ExportOptions, exportRecording } from "./recording/export.ts";
export {
  LEFT_OUT,
  type LedgerFrame,
  type LostFrames,
  type RecordingSummary,
  type SourceNote,
  type SourceSum,
} from "./recording/ledger.ts";
export {
  MultiVideoRecorder,
  type MultiVideoRecorderOptions,
} from "./recording/multi-video-recorder.ts";
export { openRecording, type RecordedFrame, Recording } from "./recording/open-recording.ts";
export {
  type ForgottenFrame,
  type PreRoll,
  type PreRollLimits,
  PreRollRing,
} from "./recording/pre-roll.ts";
export type { RecordedCamera, RecordedTee } from "./recording/recorded-camera.ts";
export { RecordingCounts } from "./recording/recording-counts.ts";
export type { RecordingOptions } from "./recording/recording-options.ts";
export { RecordingSource, type RecordingSourceOptions } from "./recording/recording-source.ts";
export { RecordingWriter } from "./recording/recording-writer.ts";
export {
  type ExportFailure,
  RecordingsFolder,
} from "./recording/recordings-folder.ts";
export { type Repair, type RepairOptions, repairRecording } from "./recording/repair.ts";
export type { Timing } from "./recording/timing.ts";
export type { Verdict } from "./recording/verdict.ts";
export { verifyRecording } from "./recording/verify.ts";
export type { VideoFormat } from "./recording/video-format.ts";
export { VideoRecorder, type VideoRecorderOptions } from "./recording/video-recorder.ts";
export type { LoginOptions } from "./server/access/login/login.ts";
export type { TlsFiles } from "./server/access/tls/certificate-files.ts";
export { type ServerOptions, ThingServer } from "./server/thing-server.ts";
export type { Framing } from "./sources/framing.ts";
export type { Output } from "./sources/gst-taps.ts";
export { type MjpegHttpOptions, MjpegHttpSource } from "./sources/mjpeg-http.ts";
export {
  Pipeline,
  type PipelineOptions,
  type RunOptions,
  type SourceState,
} from "./sources/pipeline.ts";
export {
  PipelineApp,
  type PipelineAppOptions,
  type PipelineEnd,
} from "./sources/pipeline-app.ts";
export {
  type PipelineCommand,
  type PipelineText,
  pipelineCommand,
  requireInstalled,
} from "./sources/pipeline-command.ts";
export { type ReplayOptions, ReplaySource } from "./sources/replay.ts";
