export { Autofocus } from "./autofocus.ts";
<<<<<<< HEAD
export { Cameras, type CamerasOptions } from "./cameras.ts";
export { FramesCamera, type FramesCameraOptions } from "./frames-camera.ts";
=======
export { DslrCamera } from "./dslr-camera.ts";
export { GenicamCamera } from "./genicam-camera.ts";
export { MacCamera } from "./mac-camera.ts";
>>>>>>> a3af781 (cameras: GenicamCamera, RaspberryPiCamera, DslrCamera, MacCamera and WindowsCamera; RtspCamera takes the address of an ONVIF device)
export { PipelineCamera, type PipelineCameraOptions } from "./pipeline-camera.ts";
export { RaspberryPiCamera } from "./raspberry-pi-camera.ts";
export type { RecorderOptions } from "./recorder/recorder-options.ts";
export { Recorder } from "./recorder.ts";
export { RecorderGroup, type RecorderGroupOptions } from "./recorder-group.ts";
export { RemoteCamera, type RemoteCameraOptions } from "./remote-camera.ts";
export { ReplayCamera, type ReplayCameraOptions } from "./replay-camera.ts";
export { RtspCamera } from "./rtsp-camera.ts";
export { ScreenCamera } from "./screen-camera.ts";
export { ServerLog } from "./server-log.ts";
export { SimulatedCamera, type SimulatedCameraOptions } from "./simulated-camera.ts";
export { SimulatedStage, type SimulatedStageOptions } from "./simulated-stage.ts";
export { TestCamera, type TestCameraOptions } from "./test-camera.ts";
<<<<<<< HEAD
export { V4L2Camera, type V4L2CameraOptions } from "./v4l2-camera.ts";
=======
export { WindowsCamera } from "./windows-camera.ts";
>>>>>>> a3af781 (cameras: GenicamCamera, RaspberryPiCamera, DslrCamera, MacCamera and WindowsCamera; RtspCamera takes the address of an ONVIF device)
