import { ThingError } from "../../base/errors.ts";
import type { RecordOptions } from "./event-file.ts";
import type { RecordedCamera, RecordedTee } from "./recorded-camera.ts";
import { VideoRecorder } from "./video-recorder.ts";
import type { VideoRecorderOptions } from "./video-recorder-options.ts";

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

  /** @throws {ThingError} as `VideoRecorder`; no camera is held then. */
  constructor({ cameras, filenameGenerator, ...options }: MultiVideoRecorderOptions) {
    const recorders = new Map<string, VideoRecorder>();
    this.recorders = recorders;
    try {
      for (const [name, camera] of Object.entries(cameras)) {
        const recorded = "pipeline" in camera ? camera : { camera };
        const own = { ...options, ...recorded, filenameGenerator: () => filenameGenerator(name) };
        recorders.set(name, new VideoRecorder(own));
      }
    } catch (error) {
      void this.stop(); // or those that were made would hold their cameras for ever
      throw error;
    }
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
    await Promise.allSettled([...this.recorders.values()].map((recorder) => recorder.stop()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #find(camera: string | number): VideoRecorder {
    const recorder = this.recorders.get(String(camera));
    if (recorder) return recorder;
    const names = [...this.recorders.keys()].join(", ");
    throw new ThingError(
      "BAD_ARGUMENT",
      `There is no recorder '${camera}'. The recorders are: ${names}.`,
    );
  }
}
