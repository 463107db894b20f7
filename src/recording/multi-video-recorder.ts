import { ThingError } from "../base/errors.ts";
import type { RecordOptions } from "./event-file.ts";
import type { RecordedCamera, RecordedTee } from "./recorded-camera.ts";
import { VideoRecorder, type VideoRecorderOptions } from "./video-recorder.ts";

/** Cameras by name, and what holds for each of their recorders. */
export interface MultiVideoRecorderOptions
  extends Omit<VideoRecorderOptions, "camera" | "pipeline" | "srcTeeName" | "filenameGenerator"> {
  readonly cameras: Readonly<Record<string, RecordedCamera | RecordedTee>>;
  /** Called once for each file, with the camera's name. */
  readonly filenameGenerator: (camera: string) => string;
}

/** A recorder of events for each of several cameras. */
export class MultiVideoRecorder implements AsyncDisposable {
  readonly recorders: ReadonlyMap<string, VideoRecorder>;

  constructor({ cameras, filenameGenerator, ...options }: MultiVideoRecorderOptions) {
    this.recorders = new Map(
      Object.entries(cameras).map(([name, camera]) => [
        name,
        new VideoRecorder({
          ...options,
          ...("pipeline" in camera ? camera : { camera }),
          filenameGenerator: () => filenameGenerator(name),
        }),
      ]),
    );
  }

  /** Whether any of them is busy. */
  get busy(): boolean {
    return [...this.recorders.values()].some(({ busy }) => busy);
  }

  /** Something happens now before this camera. @throws {ThingError} as `VideoRecorder.record`; `BAD_ARGUMENT` for a name. */
  async record(camera: string | number, options: RecordOptions = {}): Promise<string> {
    return this.#find(camera).record(options);
  }

  /** The same without waiting; what fails is logged. */
  recordBg(camera: string | number, options: RecordOptions = {}): void {
    this.#find(camera).recordBg(options);
  }

  /** Ends all files as they are, and lets go of the cameras. */
  async stop(): Promise<void> {
    await Promise.all([...this.recorders.values()].map((recorder) => recorder.stop()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #find(camera: string | number): VideoRecorder {
    const recorder = this.recorders.get(String(camera));
    if (recorder) return recorder;
    const names = [...this.recorders.keys()].join(", ");
    throw new ThingError("BAD_ARGUMENT", `There is no recorder '${camera}'. There are: ${names}.`);
  }
}
