import type { Log } from "../base/log.ts";
import { CameraWatch } from "./camera-watch.ts";
import { V4l2Cameras, type V4l2Options } from "./v4l2-cameras.ts";

/** A watch of all cameras that are plugged into this machine, not yet started. */
export function watchCameras({ log, ...options }: V4l2Options & { log?: Log } = {}): CameraWatch {
  const v4l2 = new V4l2Cameras(options);
  const { roots } = options;
  return new CameraWatch({
    list: () => v4l2.list(),
    ...(roots && { roots }),
    ...(log && { log }),
  });
}
