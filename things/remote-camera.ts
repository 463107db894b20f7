import { Camera, type Frame, type FrameSource, MjpegHttpSource, property } from "thingscope";
import { Type } from "typebox";

/** Options of a RemoteCamera. */
export interface RemoteCameraOptions {
  /** Address of an MJPEG stream, with `user:password@` before the host if it requires a login. */
  readonly url: string;
  /** Longest time without a frame, ms, 0 for any; 5000 by default: networks falter. */
  readonly silence_ms?: number;
  /** The largest frame that is accepted, bytes; 8 MiB by default. */
  readonly max_frame_bytes?: number;
  /** Whether it receives even while its frames are not wanted. */
  readonly keep_warm?: boolean;
}

const START_MS = 10_000;
const SILENCE_MS = 5000;
/** Short, so that a recovered network is noticed soon. */
const LONGEST_BACK_OFF_MS = 1000;

/** A camera of another server, re-served here: its stream is requested once, however many viewers there are. */
export class RemoteCamera extends Camera {
  static override readonly title = "Remote camera";
  static override readonly description =
    "The MJPEG stream of another server. Frames of a Thingscope server keep their identity as origin.";
  readonly #silenceMs: number;
  readonly #source: MjpegHttpSource;
  #endCounting: () => void = () => {};
  #missed = 0;
  #last: { run: string; origin: Frame["origin"] | undefined } | undefined;

  constructor(options: RemoteCameraOptions) {
    const { url, silence_ms = SILENCE_MS, max_frame_bytes, keep_warm = false } = options;
    super({ keep_warm });
    this.#silenceMs = silence_ms;
    this.#source = new MjpegHttpSource(url, {
      maxFrameBytes: max_frame_bytes,
      stallMs: silence_ms && Math.max(START_MS, silence_ms),
    });
  }

  @property("The stream's address, without login and query", Type.String(), { readOnly: true })
  get url(): string {
    return this.#source.address;
  }

  @property(
    "Frames that the other server captured while this one was connected, but that did not arrive",
    Type.Integer({ minimum: 0 }),
    { readOnly: true },
  )
  get frames_missed(): number {
    return this.#missed;
  }

  override open(): void {
    super.open();
    this.#endCounting = this.mjpeg_stream.onFrame((frame) => this.#count(frame));
  }

  override async close(): Promise<void> {
    this.#endCounting();
    await super.close();
  }

  protected override source(): FrameSource {
    return this.#source;
  }

  protected override get patience() {
    const silenceMs = this.#silenceMs;
    const startMs = Math.max(START_MS, silenceMs || Number.POSITIVE_INFINITY); // its first frame may take as long as others
    return { startMs, silenceMs, longestBackOffMs: LONGEST_BACK_OFF_MS };
  }

  #count({ run, origin }: Frame): void {
    const last = this.#last;
    this.#last = { run, origin };
    if (!origin || run !== last?.run || origin.run !== last.origin?.run) return;
    this.#missed += Math.max(0, origin.index - last.origin.index - 1);
  }
}
