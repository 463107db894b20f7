export {
  type BufferOptions,
  buffer,
  type Clock,
  type Handler,
  type Timed,
} from "./buffer.ts";
export { type CreateWorkerOptions, createWorker, type RunningWorker } from "./create-worker.ts";
export { type DisplayOptions, display } from "./display.ts";
export { type Message, recv, send } from "./interface.ts";
export type { NdArray } from "./nd-array.ts";
export { Packet, type PacketFields } from "./packet.ts";
export {
  PyStreamingCamera,
  type PyStreamingCameraOptions,
} from "./py-streaming-camera.ts";
export { PyStreamingServer, type PyStreamingServerOptions } from "./py-streaming-server.ts";
export type { PythonValue } from "./python-value.ts";
export { Receiver, type ReceiverCounts, type ReceiverOptions } from "./receiver.ts";
export { type SendOptions, Streamer, type StreamerOptions } from "./streamer.ts";
export {
  IMAG_L,
  IMAG_M,
  IMAG_S,
  loadimage,
  TEST_L,
  TEST_M,
  TEST_S,
  type Testcard,
} from "./testcards.ts";
export { type RateOptions, withRate } from "./with-rate.ts";
export { Worker, type WorkerCounts, type WorkerOptions } from "./worker.ts";
export type { FrameHandler, Outcome, WorkCounts } from "./workshop.ts";
