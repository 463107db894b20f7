export {
  FAULT_KINDS,
  FAULT_MESSAGE,
  FAULT_PLACES,
  type Fault,
  type FaultKind,
  type FaultPlace,
  misbehave,
} from "./fault.ts";
export { FaultyCamera, type FaultyCameraOptions } from "./faulty-camera.ts";
export { FaultyThing } from "./faulty-thing.ts";
export { injectFault } from "./inject-fault.ts";
export {
  type TestFrameOptions,
  type TestFramesOptions,
  testFrame,
  testFrames,
} from "./test-frames.ts";
export { openTestHost, TestHost, type TestHostOptions, type WaitOptions } from "./test-host.ts";
export { TestLog, type TestLogLine } from "./test-log.ts";
