import { type Static, Type } from "typebox";
import { delay, isAbort, withDeadline } from "../base/abort.ts";
import { ThingError } from "../base/errors.ts";
import { action, endpoint, event, property, setting, stream } from "../core/decorators.ts";
import type { EndpointRequest, EndpointResponse } from "../core/endpoint.ts";
import { ThingEvent } from "../core/event.ts";
import type { Invocation } from "../core/invocation.ts";
import { Thing } from "../core/thing.ts";
import { Blob, blobSchema } from "../files/blob.ts";
import type { Frame } from "../frames/frame.ts";
import type { FrameSource } from "../frames/frame-source.ts";
import { derive } from "../streams/derive.ts";
import type { FeedOptions } from "../streams/feed-options.ts";
import { frameOrReason } from "../streams/frame-or-reason.ts";
import { MJPEGStream } from "../streams/mjpeg-stream.ts";
import { noFramesPicture } from "../streams/no-frames-picture.ts";
import { feed, type SourceRunner } from "../streams/source-runner.ts";
import { SOURCE_PHASES } from "../streams/source-state.ts";
import { Measurements, MeasurementTicks, measurementsOf } from "./measurements.ts";

const StreamName = Type.Enum(["main", "lores"]);
const StreamChoice = Type.Object({ stream_name: Type.Optional(StreamName) });
type StreamChoice = Static<typeof StreamChoice>;

const Resolution = Type.Object({
  resolution: Type.Optional(Type.Enum(["lores", "main", "full"], { default: "main" })),
});

const Capture = Type.Object({
  capture_mode: Type.Optional(Type.Enum(["standard"])),
  image_format: Type.Optional(Type.Enum(["jpeg"])),
  retain_image: Type.Optional(
    Type.Boolean({
      description: "Accepted for OpenFlexure's clients, without effect: images are not kept",
    }),
  ),
});

/** Modes by name, as OpenFlexure's clients list them. */
const Modes = Type.Record(Type.String(), Type.Object({ description: Type.String() }));

const State = Type.Object({
  state: Type.Enum([...SOURCE_PHASES]),
  reason: Type.Optional(Type.String({ description: "Why it delivers no frames" })),
  since: Type.String({
    format: "date-time",
    description: "Since when it has been in this state",
  }),
});

/** What every camera can be configured with. */
export interface CameraOptions {
  /** Runs the camera even while its frames are not wanted, so that it responds sooner. */
  readonly keep_warm?: boolean;
}

/** A still picture. */
export interface StillPicture extends Pick<Frame, "jpeg" | "width" | "height" | "capturedAt"> {
  /** The frame of the stream that it is, if the camera has no larger pictures. */
  readonly frame?: Frame;
}

const PATIENCE_MS = 15_000;
/** While a camera starts, a snapshot waits for its first frame. */
const SNAPSHOT = { waitMs: 5000, startMs: 30_000 };
const RESTART = { waitMs: 10_000, startMs: 20_000 };
const LORES = { width: 400, quality: 75 };

/**
 * Base class of cameras. A subclass provides the source of its frames; this class runs it while frames are wanted, and has
 * the names that microscope clients know (OpenFlexure's).
 */
export abstract class Camera extends Thing {
  static override readonly title: string = "Camera";
  static override readonly types: readonly string[] = ["Camera"];
  readonly #keepWarm: boolean;
  #feeding: SourceRunner | undefined;
  #endLores: () => void = () => {};
  readonly #ticks = new MeasurementTicks(() => this.changed("measurements"));

  @stream("Live view")
  readonly mjpeg_stream = new MJPEGStream();

  @stream("Live view, smaller: at most 400 pixels wide")
  readonly lores_mjpeg_stream = new MJPEGStream();

  constructor({ keep_warm = false }: CameraOptions = {}) {
    super();
    // JavaScript, and TypeScript run directly, do not check types.
    if (typeof this.source !== "function")
      throw new ThingError(
        "BAD_ARGUMENT",
        `${this.constructor.name} has no source. Add a method source() that returns the source of its frames.`,
      );
    this.#keepWarm = keep_warm;
  }

  /** The source of this camera's frames. Called once, by `open`. */
  protected abstract source(): FrameSource;

  /** How long its source may take to start, and be silent. A subclass may override it for its source. */
  protected get patience(): Pick<
    FeedOptions,
    "startMs" | "silenceMs" | "silence" | "longestBackOffMs"
  > {
    return {};
  }

  /**
   * Restarts the source at once, for example after a change of the device's mode, and waits for its first frame.
   * @throws {ThingError} `NO_FRAME` with the reason, if none arrives.
   */
  protected async restartSource(signal: AbortSignal): Promise<void> {
    const stream = this.mjpeg_stream;
    const old = stream.newest?.run; // each start is a new run
    const other = async (either: AbortSignal): Promise<Frame> => {
      for (;;) {
        const frame = await stream.grab(either);
        if (frame.run !== old) return frame;
      }
    };
    this.#feeding?.restart();
    await frameOrReason(stream, { ...RESTART, signal }, other);
  }

  @property("Whether frames are available", Type.Boolean(), { readOnly: true, observable: true })
  get stream_active(): boolean {
    return this.mjpeg_stream.streaming && !this.mjpeg_stream.source.isFaulty;
  }

  @property(
    "The camera's state. Idle: no frames are wanted; opening: none has arrived yet; stalled: frames stopped; disconnected: its device or server is not there; failed: it is there and does not work. The last three are retried after a pause",
    State,
    { readOnly: true, observable: true },
  )
  get state(): Static<typeof State> {
    return this.mjpeg_stream.source.status;
  }

  @event("The camera's state, or the reason for it, has changed", State)
  readonly state_changed = new ThingEvent<Static<typeof State>>();

  @property("How its frames come; observers are told once a second", Measurements, {
    readOnly: true,
    observable: true,
  })
  get measurements(): Measurements {
    return measurementsOf(this.mjpeg_stream);
  }

  @property("The mode in which the camera streams, one of streaming_modes", Type.String(), {
    readOnly: true,
  })
  get streaming_mode(): string {
    return "default";
  }

  @property("Modes in which the camera can stream", Modes, { readOnly: true })
  get streaming_modes(): Static<typeof Modes> {
    return { default: { description: "The live view, as the camera is configured" } };
  }

  @property("Modes in which `capture` can take a picture", Modes, { readOnly: true })
  get capture_modes(): Static<typeof Modes> {
    return { standard: { description: "A picture of the camera's full size" } };
  }

  @property(
    "Whether the camera must be calibrated before its pictures can be used",
    Type.Boolean(),
    {
      readOnly: true,
    },
  )
  get calibration_required(): boolean {
    return false;
  }

  @setting("How long vibration lasts after a move", Type.Number({ minimum: 0, unit: "s" }))
  accessor settling_time = 0.2;

  override open(): void {
    this.mjpeg_stream.name = `${this.name}/mjpeg_stream`;
    this.lores_mjpeg_stream.name = `${this.name}/lores_mjpeg_stream`;
    this.#feeding = feed(this.mjpeg_stream, this.source(), {
      ...this.patience,
      keepWarm: this.#keepWarm,
      log: this.log,
      onState: () => {
        this.changed("state");
        this.changed("stream_active");
        this.state_changed.emit(this.state);
        this.#ticks.isActive = this.state.state !== "idle";
      },
      placeholder: (reason) => {
        const about = { name: this.name, ...this.state };
        return noFramesPicture(reason, this.mjpeg_stream.newest, about);
      },
    });
    if (!this.lores_mjpeg_stream.streaming) this.lores_mjpeg_stream.reset();
    this.#endLores = derive(this.mjpeg_stream, this.lores_mjpeg_stream, LORES);
  }

  override async close(): Promise<void> {
    this.#endLores();
    const feeding = this.#feeding;
    this.#feeding = undefined;
    await feeding?.stop();
    this.#ticks.isActive = false;
    this.lores_mjpeg_stream.stop();
    this.mjpeg_stream.stop();
  }

  @action("The next frame, as a JPEG file", {
    input: StreamChoice,
    output: blobSchema("image/jpeg"),
  })
  async grab_jpeg({ stream_name }: StreamChoice, { signal }: Invocation): Promise<Blob> {
    return Blob.fromBytes(await this.#grab(stream_name, signal), "image/jpeg");
  }

  @action("Bytes of the next frame: a measure of its sharpness", {
    input: StreamChoice,
    output: Type.Integer({ unit: "B" }),
  })
  async grab_jpeg_size({ stream_name }: StreamChoice, { signal }: Invocation): Promise<number> {
    return (await this.#grab(stream_name, signal)).length;
  }

  /**
   * A picture of the camera's full size: the next frame of the stream, unless a subclass can take larger ones, beside the
   * stream or in a pause of it.
   * @throws {ThingError} `NO_FRAME`, with the reason, if none arrives in time.
   */
  async takeStill(signal: AbortSignal): Promise<StillPicture> {
    const frame = await this.#nextFrame(this.mjpeg_stream, signal, PATIENCE_MS);
    const { jpeg, width, height, capturedAt } = frame;
    return { jpeg, width, height, capturedAt, frame };
  }

  @action("Wait until vibration has settled, then take a picture at the camera's full size", {
    input: Capture,
    output: blobSchema("image/jpeg"),
  })
  async capture(_: Static<typeof Capture>, run: Invocation): Promise<Blob> {
    await this.settle({}, run);
    const { jpeg } = await this.takeStill(run.signal);
    return Blob.fromBytes(new Uint8Array(jpeg), "image/jpeg");
  }

  @action("Take a picture at once: at the camera's full size, or the next frame of a live view", {
    input: Resolution,
    output: blobSchema("image/jpeg"),
  })
  async capture_jpeg(
    { resolution = "main" }: Static<typeof Resolution>,
    { signal }: Invocation,
  ): Promise<Blob> {
    const jpeg =
      resolution === "full"
        ? new Uint8Array((await this.takeStill(signal)).jpeg)
        : await this.#grab(resolution, signal);
    return Blob.fromBytes(jpeg, "image/jpeg");
  }

  @action("Wait for settling_time")
  async settle(_: Record<string, never>, { signal }: Invocation): Promise<void> {
    await delay(this.settling_time * 1000, signal);
  }

  @endpoint("GET", "snapshot", "view", "The next frame of the smaller live view")
  async snapshot({ signal }: EndpointRequest): Promise<EndpointResponse> {
    const stream = this.lores_mjpeg_stream;
    const ask = (either: AbortSignal) => stream.grab(either);
    const { jpeg } = await frameOrReason(stream, { ...SNAPSHOT, signal }, ask);
    return { contentType: "image/jpeg", body: new Uint8Array(jpeg) };
  }

  async #grab(name: StreamChoice["stream_name"], signal: AbortSignal): Promise<Uint8Array> {
    const stream = name === "lores" ? this.lores_mjpeg_stream : this.mjpeg_stream;
    return new Uint8Array((await this.#nextFrame(stream, signal, PATIENCE_MS)).jpeg);
  }

  /** @throws {ThingError} `NO_FRAME`, with the reason, if none arrives in time. */
  async #nextFrame(stream: MJPEGStream, signal: AbortSignal, patienceMs: number): Promise<Frame> {
    try {
      return await withDeadline(patienceMs, signal, (either) => stream.grab(either));
    } catch (error) {
      if (signal.aborted || !isAbort(error)) throw error;
      const { state, reason = "no reason was reported" } = this.state;
      throw new ThingError(
        "NO_FRAME",
        `Camera '${this.name}' delivered no frame within ${patienceMs / 1000} s. It is ${state}: ${reason}`,
      );
    }
  }
}
