import type { Log } from "../base/log.ts";
import { CameraWatch } from "./camera-watch.ts";
import { RaspberryPiCameras } from "./raspberry-pi-cameras.ts";
import { V4l2Cameras, type V4l2Options } from "./v4l2-cameras.ts";

/** A watch of all cameras that are plugged into this machine, not yet started. */
export function watchCameras({ log, ...options }: V4l2Options & { log?: Log } = {}): CameraWatch {
  const { roots } = options;
  const [v4l2, pi] = [new V4l2Cameras(options), new RaspberryPiCameras(roots)];
  return new CameraWatch({
    list: async () => (await Promise.all([v4l2.list(), pi.list()])).flat(),
    ...(roots && { roots }),
    ...(log && { log }),
  });
}
