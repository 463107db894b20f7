export { SimulatedStage, type SimulatedStageOptions } from "./simulated-stage.ts";
