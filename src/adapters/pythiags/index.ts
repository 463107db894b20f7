export type { ConsumerCounts } from "./background-consumer.ts";
export type { Found, FoundIn, FrameMetadata } from "./events.ts";
export { FrameProbe, type FrameProbeOptions, type ProbeCounts } from "./frame-probe.ts";
export { HttpWriter } from "./http-writer.ts";
export type { ConsumerLimits, ProbeLimits } from "./limits.ts";
export { LogFileWriter, type LogFileWriterOptions } from "./log-file-writer.ts";
export { Probe, type ProbeOptions } from "./probe.ts";
export { type Consume, Consumer, type Produce, Producer } from "./producer.ts";
export { RECORDER_STATE, VideoRecorder, type VideoRecorderOptions } from "./video-recorder.ts";
