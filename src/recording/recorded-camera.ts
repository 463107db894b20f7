import type { MJPEGStream } from "../outputs/mjpeg-stream.ts";

/** What can be recorded: a stream, or a camera whose main stream it is. */
export type RecordedCamera =
  | MJPEGStream
  | { readonly name?: string; readonly mjpeg_stream: MJPEGStream };

/** The stream that is recorded. */
export function streamOf(camera: RecordedCamera): MJPEGStream {
  return "mjpeg_stream" in camera ? camera.mjpeg_stream : camera;
}

/** What the camera is called in its recordings. */
export function nameOf(camera: RecordedCamera): string {
  return ("mjpeg_stream" in camera && camera.name) || streamOf(camera).name;
}

/** How many pictures a stream has refused because they were no frames. */
export function refusedBy({ stats }: MJPEGStream): number {
  return stats.refused.corrupt + stats.refused.tooLarge;
}
