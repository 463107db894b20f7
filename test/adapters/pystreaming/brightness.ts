import type { FrameHandler } from "../../../src/adapters/pystreaming/workshop.ts";

/** A worker's handler as a module: how bright the frame is. Frame 3 it does not survive; of frame 4 it keeps nothing. */
const brightness: FrameHandler = async (frame) => {
  if (frame.fno === 3) throw new Error("three is too much");
  if (frame.fno === 4) return null;
  const { data } = await frame.arr;
  return { meta: { mean: data.reduce((sum, value) => sum + value, 0) / data.length } };
};

export default brightness;
