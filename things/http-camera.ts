import { Camera, type FrameSource, MjpegHttpSource, property, ThingError } from "thingscope";
import { Type } from "typebox";

/** Options of an HttpCamera. */
export interface HttpCameraOptions {
  /** Address of an MJPEG stream or of a JPEG, with `user:password@` before the host if it requires a login. */
  readonly url: string;
  /** User name of a login, Basic or Digest; goes before one in the address. */
  readonly username?: string;
  /** Its password. */
  readonly password?: string;
  /** The camera's own https certificate: its SHA-256 fingerprint, or a PEM file. */
  readonly trust?: string;
  /** Requests per second where the address gives one JPEG, 0.001 to 100; 5 by default. The next one waits for the answer. */
  readonly rate?: number;
  /** Longest time to the answer and to the first picture, ms; 15,000 by default, or `silence_ms` if that is longer. */
  readonly start_ms?: number;
  /** Longest time without a picture, ms, 0 for any; 5000 by default: networks falter. */
  readonly silence_ms?: number;
  /** The largest picture that is accepted, bytes, 1000 to 67,108,864; 8 MiB by default. */
  readonly max_frame_bytes?: number;
  /** Whether it receives even while its frames are not wanted. */
  readonly keep_warm?: boolean;
}

type Limited = "rate" | "start_ms" | "silence_ms" | "max_frame_bytes";
const LIMITS: Readonly<Record<Limited, readonly [low: number, high: number]>> = {
  rate: [0.001, 100],
  start_ms: [1, 2 ** 31 - 1],
  silence_ms: [0, 2 ** 31 - 1],
  max_frame_bytes: [1000, 64 * 2 ** 20],
};
const START_MS = 15_000; // a camera may give a frame each 12 s
const SILENCE_MS = 5000;
/** A connection stands for at least so long without a picture, ms: silence is judged by the period of its pictures, up to five of 15 s. */
const STALL_MS = 75_000;
/** Short, so that a recovered network is noticed soon. */
const LONGEST_BACK_OFF_MS = 1000;

/** A camera of any make that gives MJPEG over HTTP, or one JPEG for each request. It is asked once, however many viewers there are. */
export class HttpCamera extends Camera {
  static override readonly title: string = "HTTP camera";
  static override readonly description: string =
    "An MJPEG stream over HTTP, or a JPEG that is requested again and again.";
  readonly #source: MjpegHttpSource;
  readonly #startMs: number;
  readonly #silenceMs: number;

  /** @throws {ThingError} `BAD_CONFIG` for an address that is none, or an option out of range. */
  constructor(options: HttpCameraOptions) {
    const { url, username, password, trust, rate, keep_warm = false } = options;
    super({ keep_warm });
    for (const name of Object.keys(LIMITS)) assertInRange(options, name as Limited);
    const period = rate === undefined ? 0 : 1000 / rate;
    const silence = options.silence_ms ?? Math.max(SILENCE_MS, 2 * period);
    this.#silenceMs = silence;
    const longest = silence || Number.POSITIVE_INFINITY; // its first frame may take as long as others
    this.#startMs = options.start_ms ?? Math.max(START_MS, longest);
    this.#source = new MjpegHttpSource(url, {
      startMs: options.start_ms,
      stallMs: silence && Math.max(STALL_MS, silence),
      maxFrameBytes: options.max_frame_bytes,
      pollMs: rate === undefined ? undefined : period,
      trust,
      keepsTimes: true,
      ...((username !== undefined || password !== undefined) && {
        login: { username: username ?? "", password: password ?? "" },
      }),
    });
  }

  @property("The camera's address, without login and query", Type.String(), { readOnly: true })
  get url(): string {
    return this.#source.address;
  }

  @property(
    "Answers with the picture that was there already, where one JPEG is requested again and again",
    Type.Integer({ minimum: 0 }),
    { readOnly: true },
  )
  get frames_unchanged(): number {
    return this.#source.counts.unchanged;
  }

  @property(
    "Parts of the stream that are no pictures by their media type, and are passed over",
    Type.Integer({ minimum: 0 }),
    { readOnly: true },
  )
  get parts_skipped(): number {
    return this.#source.counts.others;
  }

  protected override source(): FrameSource {
    return this.#source;
  }

  protected override get patience() {
    const [startMs, silenceMs] = [this.#startMs, this.#silenceMs];
    return { startMs, silenceMs, longestBackOffMs: LONGEST_BACK_OFF_MS };
  }
}

function assertInRange(options: HttpCameraOptions, name: Limited): void {
  const value = options[name];
  const [low, high] = LIMITS[name];
  if (value === undefined || (value >= low && value <= high)) return;
  throw new ThingError("BAD_CONFIG", `${name} is ${value}; give a number from ${low} to ${high}.`);
}
