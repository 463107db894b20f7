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
export { Blob, blobSchema } from "./files/blob.ts";
export { FileCollection } from "./files/file-collection.ts";
export {
  type FilePart,
  StoredFile,
  type StoredFileOptions,
  storedFileSchema,
} from "./files/stored-file.ts";
export type { Frame, Origin, SourceLoss } from "./frames/frame.ts";
export {
  type FrameSink,
  type FrameSource,
  fromIterable,
  type IterableSource,
  type RunningSource,
  type SourceFrame,
} from "./frames/frame-source.ts";
export { type ExifTags, withExif } from "./frames/jpeg/exif.ts";
export { STANDARD_HUFFMAN_TABLES } from "./frames/jpeg/huffman-tables.ts";
export {
  inspectJpeg,
  type JpegInfo,
  MAX_JPEG_BYTES,
  MAX_JPEG_PIXELS,
} from "./frames/jpeg/jpeg.ts";
export { JpegSplitter } from "./frames/jpeg/jpeg-splitter.ts";
export {
  decodeLuma,
  decodeRgb,
  encodeJpeg,
  type JpegQuality,
  renderSvg,
  renderSvgRaw,
  resizeJpeg,
} from "./frames/pixels/codec.ts";
export {
  imageFromPlanes,
  type PlanarPicture,
  READABLE_FORMATS,
} from "./frames/pixels/from-planes.ts";
export {
  PIXEL_FORMATS,
  type PixelFormat,
  type Planes,
  toPixelFormat,
} from "./frames/pixels/pixel-formats.ts";
export { drawText, type TextStyle } from "./frames/pixels/pixel-text.ts";
export type { RawImage } from "./frames/pixels/raw-image.ts";
export {
  brenner,
  FOCUS_MEASURES,
  type FocusMeasure,
  laplacianVariance,
  normalisedVariance,
  tenengrad,
} from "./frames/pixels/sharpness.ts";
export { testCard } from "./frames/pixels/test-card.ts";
export { type Rgba, toRgba, turn } from "./frames/pixels/turn.ts";
export { RateMeter } from "./frames/rate.ts";
export { type GdpBuffer, GdpParser } from "./frames/wire/gdp.ts";
export { boundaryOf, MultipartParser, type Part } from "./frames/wire/multipart.ts";
export { Camera, type CameraOptions, type StillPicture } from "./instruments/camera.ts";
export { type Motion, type Position, Stage } from "./instruments/stage.ts";
export type { Parameters } from "./processes/template.ts";
export { type Export, type ExportOptions, exportRecording } from "./recording/export/export.ts";
export type { DiskRoom } from "./recording/files/disk-room.ts";
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
  type SourceNote,
  type SourceSum,
} from "./recording/ledger/ledger.ts";
export type { Timing } from "./recording/ledger/timing.ts";
export type { Verdict } from "./recording/ledger/verdict.ts";
export type { VideoFormat } from "./recording/ledger/video-format.ts";
export { openRecording, type RecordedFrame, Recording } from "./recording/read/open-recording.ts";
export { RecordingSource, type RecordingSourceOptions } from "./recording/read/recording-source.ts";
export { verifyRecording } from "./recording/read/verify.ts";
export { type Repair, type RepairOptions, repairRecording } from "./recording/repair/repair.ts";
export type { ContinuousOptions, ContinuousSummary } from "./recording/write/continuous-options.ts";
export { ContinuousRecording, startRecording } from "./recording/write/continuous-recording.ts";
export {
  type ConvertingOptions,
  ConvertingWriter,
} from "./recording/write/converting-writer.ts";
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
export {
  type ForgottenFrame,
  type PreRoll,
  type PreRollLimits,
  PreRollRing,
} from "./recording/write/pre-roll.ts";
export type { RecordedCamera, RecordedTee } from "./recording/write/recorded-camera.ts";
export { RecordingCounts } from "./recording/write/recording-counts.ts";
export type { RecordingOptions } from "./recording/write/recording-options.ts";
export { RecordingWriter } from "./recording/write/recording-writer.ts";
export { VideoRecorder, type VideoRecorderOptions } from "./recording/write/video-recorder.ts";
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
export { Demand } from "./streams/demand.ts";
export { derive } from "./streams/derive.ts";
export { type Feeding, feed } from "./streams/feed.ts";
export type { FeedOptions } from "./streams/feed-options.ts";
export type { FrameEntry, FrameLog, Gap } from "./streams/frame-log.ts";
export type { FrameFeed } from "./streams/frame-outlet.ts";
export { MJPEGStream } from "./streams/mjpeg-stream.ts";
export type { SourcePhase, SourceStatus } from "./streams/source-state.ts";
export type {
  FrameInUse,
  FrameOptions,
  StreamOptions,
  StreamStats,
} from "./streams/stream-options.ts";
export type { VariantOptions } from "./streams/stream-request.ts";
export type { ViewerFanOut, ViewerOptions, ViewerStats } from "./streams/viewers.ts";
