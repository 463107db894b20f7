export { Autofocus } from "./autofocus.ts";
export { PipelineCamera, type PipelineCameraOptions } from "./pipeline-camera.ts";
export { Recorder, type RecorderOptions } from "./recorder.ts";
export { RecorderGroup, type RecorderGroupOptions } from "./recorder-group.ts";
export { RemoteCamera, type RemoteCameraOptions } from "./remote-camera.ts";
export { ReplayCamera, type ReplayCameraOptions } from "./replay-camera.ts";
export { SimulatedCamera, type SimulatedCameraOptions } from "./simulated-camera.ts";
export { SimulatedStage, type SimulatedStageOptions } from "./simulated-stage.ts";
export { TestCamera, type TestCameraOptions } from "./test-camera.ts";
