import { Camera, type FrameSource, ThingError } from "thingscope";
import { ReplaySource } from "thingscope/frames";
import { RecordingSource } from "thingscope/recording";

/** Options of a ReplayCamera. */
export interface ReplayCameraOptions {
  /**
   * A recording (`.mkv`), played at its own speed; or a file of JPEGs one after another (`.mjpeg`), one JPEG, or a folder of
   * JPEG files, played in the order of their names.
   */
  readonly path: string;
  /** Pictures a second of what is no recording; 25 by default. */
  readonly fps?: number;
  /** How much faster than it was recorded a recording is played; 1 by default. */
  readonly speed?: number;
  /** Whether it plays even while its frames are not wanted. */
  readonly keep_warm?: boolean;
}

/** Pictures that were taken earlier, as a camera. They are stamped with the time at which they are played. */
export class ReplayCamera extends Camera {
  static override readonly title = "Replay camera";
  static override readonly description =
    "Plays a recording at its own speed, or pictures at a steady rate, in a loop.";
  readonly #source: FrameSource;
  readonly #fps: number | undefined;

  /** @throws {ThingError} `BAD_ARGUMENT` for a rate that is none, or that does not go with what is played. */
  constructor({ path, fps, speed, keep_warm = false }: ReplayCameraOptions) {
    super({ keep_warm });
    const isRecording = /\.mkv$/i.test(path);
    if (isRecording ? fps !== undefined : speed !== undefined) {
      const why = isRecording
        ? "A recording has its own times. Set 'speed' instead of 'fps'."
        : "Pictures do not have times. Set 'fps' instead of 'speed'.";
      throw new ThingError("BAD_ARGUMENT", why);
    }
    this.#fps = isRecording ? undefined : (fps ?? 25);
    this.#source = isRecording
      ? new RecordingSource(path, { speed })
      : new ReplaySource(path, { fps });
  }

  /** Pictures a second, which recordings of them say; undefined of a recording, which has its own times. */
  get framerate(): number | undefined {
    return this.#fps;
  }

  protected override source(): FrameSource {
    return this.#source;
  }

  /** A picture a minute is a replay too. */
  protected override get patience() {
    return { silenceMs: 0 };
  }
}
