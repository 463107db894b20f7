import { ThingError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { FrameSource } from "../../frames/frame-source.ts";
import { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import { feed } from "../../streams/source-runner.ts";

/** What is more is no rate of a camera. */
const MOST_FPS = 10_000;

/** What can be recorded: a stream, or a camera whose main stream it is; with the frames a second that it is set to give, if it says so. */
export type RecordedCamera =
  | MJPEGStream
  | { readonly name?: string; readonly mjpeg_stream: MJPEGStream; readonly framerate?: unknown };

/** A camera of a pipeline, by the name of its tee: the first one when absent. */
export interface RecordedTee {
  readonly pipeline: {
    readonly cameras: ReadonlyMap<string, FrameSource>;
    /** Whether it is over when its program ends: then its files are closed at once. */
    readonly once?: boolean;
  };
  readonly srcTeeName?: string | undefined;
}

/** A stream that a recorder has hold of. */
export interface Attachment {
  readonly stream: MJPEGStream;
  /** What the camera is called in its recordings. */
  readonly name: string;
  /** Frames a second that the camera is set to give, as it says now. */
  readonly expectedFps: () => number | undefined;
  /** Lets go of it; resolves when what the recorder itself started has ended. */
  release(): Promise<void>;
}

/** Takes hold of what is to be recorded. @throws {ThingError} `BAD_ARGUMENT` for a tee that is not there. */
export function attachmentOf(recorded: RecordedCamera | RecordedTee, log: Log): Attachment {
  if (!("pipeline" in recorded)) {
    const expectedFps = () => expectedFpsOf(recorded);
    const release = async () => {};
    return { stream: streamOf(recorded), name: nameOf(recorded), expectedFps, release };
  }
  const { cameras, once } = recorded.pipeline;
  const name = recorded.srcTeeName ?? [...cameras.keys()][0] ?? "";
  const source = cameras.get(name);
  if (!source) {
    const names = [...cameras.keys()].join(", ") || "none";
    throw new ThingError("BAD_ARGUMENT", `The pipeline has no tee '${name}'. It has: ${names}.`);
  }
  const stream = new MJPEGStream({ name });
  const feeding = feed(stream, source, { once, log });
  const release = async () => {
    await feeding.stop();
    stream.stop();
  };
  return { stream, name, expectedFps: () => undefined, release };
}

/** The stream that is recorded. */
export function streamOf(camera: RecordedCamera): MJPEGStream {
  return "mjpeg_stream" in camera ? camera.mjpeg_stream : camera;
}

/** What the camera is called in its recordings. */
export function nameOf(camera: RecordedCamera): string {
  return ("mjpeg_stream" in camera && camera.name) || streamOf(camera).name;
}

/** Frames a second that a camera says it is set to give; undefined where it says none. */
export function expectedFpsOf(camera: RecordedCamera): number | undefined {
  if (!("mjpeg_stream" in camera)) return undefined;
  const { framerate } = camera;
  return typeof framerate === "number" && framerate > 0 && framerate <= MOST_FPS
    ? framerate
    : undefined;
}

/** How many pictures a stream has refused because they were no frames. */
export function refusedBy({ stats }: MJPEGStream): number {
  return stats.refused.corrupt + stats.refused.tooLarge;
}
