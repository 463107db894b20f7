export { Autofocus } from "./autofocus.ts";
export { SimulatedCamera, type SimulatedCameraOptions } from "./simulated-camera.ts";
export { SimulatedStage, type SimulatedStageOptions } from "./simulated-stage.ts";
export { TestCamera, type TestCameraOptions } from "./test-camera.ts";
