import { type Static, Type } from "typebox";
import { ThingError } from "../../base/errors.ts";
import { property } from "../../core/decorators.ts";
import type { Frame } from "../../frames/frame.ts";
import type { FrameSink, FrameSource, RunningSource } from "../../frames/frame-source.ts";
import { Camera } from "../../instruments/camera.ts";
import { Pipeline } from "../../sources/pipeline.ts";
import { pipelineCommand } from "../../sources/pipeline-command.ts";
import { acceptedOptions } from "../options.ts";
import { type Capability, capabilityText, JPEG, readCapability } from "./capability.ts";
import { readMetadata } from "./frame-metadata.ts";
import {
  type ThorVisionAddress,
  type ThorVisionCameraEntry,
  ThorVisionHttpClient,
} from "./http-client.ts";
import { reportingGaps } from "./sample-gaps.ts";

const Options = Type.Object({
  host: Type.Optional(Type.String({ minLength: 1 })),
  port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
  camera: Type.Optional(Type.Union([Type.Integer(), Type.String()])),
  capability: Type.Optional(Type.String()),
  srt_port: Type.Optional(Type.Integer({ minimum: 1024, maximum: 65_535 })),
  silence_ms: Type.Optional(Type.Integer({ minimum: 0 })),
  keep_warm: Type.Optional(Type.Boolean()),
});

/** Options of a ThorVisionCamera. */
export interface ThorVisionCameraOptions extends ThorVisionAddress {
  /** Its number or name on the server. Default: the first camera. */
  readonly camera?: number | string;
  /** `image/jpeg,width=1280,height=720,framerate=30/1`. Default: the first that is offered. */
  readonly capability?: string;
  /** UDP port on the server. Default 9100; ThorVision's own clients use 9001 to 9099. */
  readonly srt_port?: number;
  /** Longest time without a frame, ms. Default 5000. */
  readonly silence_ms?: number;
  /** Whether it also receives while its frames are not wanted. */
  readonly keep_warm?: boolean;
}

const Metadata = Type.Object({
  device_time: Type.String({ description: "The device's clock, a 64-bit integer" }),
  video_time: Type.String({ description: "ns, a 64-bit integer" }),
  sample_index: Type.Integer(),
  ttl_in: Type.Integer(),
  ttl_out: Type.Integer(),
});
type Metadata = Static<typeof Metadata>;

const LATENCY_MS = 500;
const START_MS = 10_000;

/** A camera of a ThorVision server, received once however many clients watch or record it. */
export class ThorVisionCamera extends Camera {
  static override readonly title: string = "ThorVision camera";
  static override readonly description: string =
    "A camera of a ThorVision server, received over SRT while its frames are wanted.";
  readonly #options: ThorVisionCameraOptions;
  readonly #http: ThorVisionHttpClient;
  #newest: Frame | undefined;
  #endWatching: () => void = () => {};

  /** @throws {ThingError} `BAD_ARGUMENT` that names each invalid option. */
  constructor(options: ThorVisionCameraOptions = {}) {
    acceptedOptions(Options, options, "A ThorVisionCamera");
    super({ keep_warm: options.keep_warm ?? false });
    const { capability } = options;
    if (capability !== undefined && readCapability(capability)?.media_type !== JPEG) {
      throw new ThingError(
        "BAD_ARGUMENT",
        `'capability' is '${capability}', but must have the form image/jpeg,width=1280,height=720,framerate=30/1.`,
      );
    }
    this.#options = options;
    this.#http = new ThorVisionHttpClient(options);
  }

  @property(
    "The newest frame's metadata; null if it has none",
    Type.Union([Metadata, Type.Null()]),
    {
      readOnly: true,
    },
  )
  get metadata(): Metadata | null {
    const found = this.#newest && readMetadata(this.#newest.jpeg);
    if (!found) return null;
    const { deviceTime, videoTime, sampleIndex, ttlIn, ttlOut } = found;
    return {
      ...{ device_time: String(deviceTime), video_time: String(videoTime) },
      ...{ sample_index: sampleIndex, ttl_in: ttlIn, ttl_out: ttlOut },
    };
  }

  override open(): void {
    super.open();
    this.#endWatching = this.mjpeg_stream.onFrame((frame) => {
      this.#newest = frame;
    });
  }

  override async close(): Promise<void> {
    this.#endWatching();
    await super.close();
  }

  protected override source(): FrameSource {
    return { run: (sink, signal) => this.#run(sink, signal) };
  }

  protected override get patience() {
    return { startMs: START_MS, silenceMs: this.#options.silence_ms ?? 5000 };
  }

  async #run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    const { srt_port = 9100 } = this.#options;
    const camera = await this.#find();
    await this.#http.start(camera.id, srt_port, capabilityText(this.#choose(camera)));
    try {
      const received = await this.#received(srt_port);
      await received.run(reportingGaps(sink), signal);
    } finally {
      await this.#http.stop(camera.id).catch((error) => this.log.warn(error.message));
    }
  }

  async #find(): Promise<ThorVisionCameraEntry> {
    const { camera } = this.#options;
    const cameras = await this.#http.cameras();
    const found = cameras.find(
      ({ id, name }) => camera === undefined || id === camera || name === camera,
    );
    if (found) return found;
    const names = cameras.map(({ id, name }) => `${id} (${name})`).join(", ") || "none";
    throw new ThingError(
      "SOURCE_FAILED",
      `The server has no camera '${camera}'. It has: ${names}.`,
    );
  }

  #choose({ name, capabilities }: ThorVisionCameraEntry): Capability {
    const wanted = this.#options.capability;
    const chosen = wanted
      ? readCapability(wanted)
      : capabilities.find(({ media_type }) => media_type === JPEG);
    if (chosen) return chosen;
    throw new ThingError("SOURCE_FAILED", `Camera '${name}' does not offer ${JPEG}.`);
  }

  /** The pipeline that receives the frames, each with GStreamer's arrival time. */
  async #received(port: number): Promise<RunningSource> {
    const url = `srt://${this.#http.hostInUrl}:${port}`;
    const command = await pipelineCommand({
      pipeline: `srtclientsrc uri=${url} latency=${LATENCY_MS} ! queue ! jpegparse ! gdppay ! fdsink fd=1`,
    });
    const pipeline = new Pipeline(command, {
      ...{ startMs: START_MS, stallMs: Number.POSITIVE_INFINITY, log: this.log },
    });
    const [source] = pipeline.cameras.values();
    return source!;
  }
}
