// `thingscope/frames`: where frames come from, and what can be done with their pixels. docs/api.md has these names by task.

export { blurReach, blurred } from "./frames/codec/blur.ts";
export {
  decodeLuma,
  decodeRgb,
  encodeJpeg,
  type JpegQuality,
  renderSvg,
  renderSvgRaw,
  resizeJpeg,
} from "./frames/codec/codec.ts";
export type { Origin, SourceLoss } from "./frames/frame.ts";
export {
  type FrameSink,
  fromIterable,
  type IterableSource,
  type RunningSource,
  type SourceFrame,
} from "./frames/frame-source.ts";
export { type ExifTags, withExif } from "./frames/jpeg/exif.ts";
export { inspectJpeg, type JpegInfo } from "./frames/jpeg/jpeg.ts";
export { JpegSplitter } from "./frames/jpeg/jpeg-splitter.ts";
export {
  imageFromPlanes,
  type PlanarPicture,
  READABLE_FORMATS,
} from "./frames/pixels/from-planes.ts";
export type { RawImage } from "./frames/pixels/pixel-formats.ts";
export { drawText, type TextStyle } from "./frames/pixels/pixel-text.ts";
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
export { boundaryOf } from "./frames/wire/boundary.ts";
export { MultipartParser } from "./frames/wire/multipart.ts";
export type { Part } from "./frames/wire/part.ts";
export type { StillPicture } from "./instruments/camera.ts";
export { runProgram } from "./processes/run-program.ts";
export type { Parameters } from "./processes/template.ts";
export type { CameraPreset, PresetOptions } from "./sources/camera-preset.ts";
export { ControlledCamera, type ControlValues } from "./sources/controlled-camera.ts";
export type { DeviceControl } from "./sources/device-control.ts";
export type { Framing } from "./sources/framing.ts";
export { GenicamDevice } from "./sources/genicam-device.ts";
export { type GphotoSetting, gphotoSettings } from "./sources/gphoto-config.ts";
export type { MjpegHttpOptions } from "./sources/mjpeg-http.ts";
export { Pipeline, type PipelineOptions, type RunOptions } from "./sources/pipeline.ts";
export type { PipelineApp, PipelineAppOptions, PipelineEnd } from "./sources/pipeline-app.ts";
export {
  type PipelineCommand,
  type PipelineText,
  pipelineCommand,
  requireInstalled,
} from "./sources/pipeline-command.ts";
export { ProgramCamera } from "./sources/program-camera.ts";
export { PushedFrames, type PushedFramesOptions } from "./sources/pushed-frames.ts";
export { type ReplayOptions, ReplaySource } from "./sources/replay.ts";
export { RtspDevice, type RtspStream } from "./sources/rtsp-device.ts";
export { stillOf } from "./sources/still-program.ts";
export { V4l2Node } from "./sources/v4l2/camera-node.ts";
export { V4l2Device, type V4l2DeviceOptions } from "./sources/v4l2/device.ts";
export type { V4l2Still } from "./sources/v4l2/device-frames.ts";
export type { V4l2Control, V4l2Description } from "./sources/v4l2/messages.ts";
export { type V4l2Mode, V4l2Modes, type V4l2Size, type WantedMode } from "./sources/v4l2/modes.ts";
export { v4l2Command } from "./sources/v4l2/program.ts";
export { V4l2Controls } from "./sources/v4l2/thing-controls.ts";
export { derive } from "./streams/derive.ts";
export type { FeedOptions } from "./streams/feed-options.ts";
export { feed, type SourceRunner } from "./streams/source-runner.ts";
export type { FrameOptions } from "./streams/stream-options.ts";
export type { VariantOptions } from "./streams/stream-request.ts";
