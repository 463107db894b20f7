import { Camera, type FrameSource, ReplaySource } from "thingscope";

/** What a ReplayCamera is made with. */
export interface ReplayCameraOptions {
  /** A file of JPEGs one after another (`.mjpeg`), one JPEG, or a folder of JPEG files, played in the order of their names. */
  readonly path: string;
  /** Pictures a second; 25 by default. */
  readonly fps?: number;
  /** Whether it makes frames while nobody wants them, too. */
  readonly keep_warm?: boolean;
}

/** Pictures that were taken earlier, as a camera. They are stamped with the time at which they are played. */
export class ReplayCamera extends Camera {
  static override readonly title = "Replay camera";
  static override readonly description =
    "Plays a file or a folder of JPEGs at a steady rate, again and again.";
  readonly #source: ReplaySource;

  constructor({ path, fps, keep_warm = false }: ReplayCameraOptions) {
    super({ keep_warm });
    this.#source = new ReplaySource(path, { fps });
  }

  protected override source(): FrameSource {
    return this.#source;
  }

  /** A picture a minute is a replay too. */
  protected override get patience() {
    return { silenceMs: 0 };
  }
}
