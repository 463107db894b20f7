import {
  Camera,
  type EndpointRequest,
  type EndpointResponse,
  endpoint,
  property,
  ThingError,
} from "thingscope";
import { PushedFrames, type RunningSource } from "thingscope/frames";
import { Type } from "typebox";

/** Options of a FramesCamera. */
export interface FramesCameraOptions {
  /** The largest picture that is accepted, bytes, 1000 to 67,108,864; 8 MiB by default. */
  readonly max_frame_bytes?: number;
  /** More pictures a second are dropped, 0.1 to 1000; 120 by default. */
  readonly max_fps?: number;
  /** Longest time without a picture, and without five of its periods, ms, 0 for any; 5000 by default: networks falter. */
  readonly silence_ms?: number;
  /** Whether pictures are taken even while nobody wants frames. True by default: a program sends them anyway. */
  readonly keep_warm?: boolean;
}

const LIMITS = {
  max_frame_bytes: { low: 1000, high: 64 * 2 ** 20, otherwise: 8 * 2 ** 20 },
  max_fps: { low: 0.1, high: 1000, otherwise: 120 },
  silence_ms: { low: 0, high: 2 ** 31 - 1, otherwise: 5000 },
} as const;
const START_MS = 15_000;

const Sender = Type.Union([
  Type.Object({
    name: Type.Union([Type.String(), Type.Null()], { description: "Of its token or account" }),
    address: Type.String(),
    way: Type.Enum(["picture", "body", "websocket"], {
      description: "A request for each picture, or one body or WebSocket for all",
    }),
  }),
  Type.Null(),
]);

/** A camera whose pictures a program sends here: an ESP32-CAM, a script, a vendor's SDK. */
export class FramesCamera extends Camera {
  static override readonly title: string = "Frames camera";
  static override readonly description: string =
    "JPEG pictures that a program sends: PUT or POST to {thing}/frames, or binary messages to the WebSocket {thing}/frames_socket.";
  readonly #silenceMs: number;
  readonly #frames: PushedFrames;

  /** @throws {ThingError} `BAD_ARGUMENT` for an option out of range. */
  constructor(options: FramesCameraOptions = {}) {
    super({ keep_warm: options.keep_warm ?? true });
    this.#silenceMs = accepted(options, "silence_ms");
    this.#frames = new PushedFrames({
      maxFrameBytes: accepted(options, "max_frame_bytes"),
      maxFps: accepted(options, "max_fps"),
      called: () => `Camera '${this.name}'`,
      wake: () => this.mjpeg_stream.source.retry(),
      onPusher: () => this.changed("sender"),
    });
  }

  @property("The program that sends its pictures now", Sender, {
    readOnly: true,
    observable: true,
  })
  get sender() {
    const { client, kind } = this.#frames.pusher ?? {};
    return client && kind
      ? { name: client.name ?? null, address: client.address, way: kind }
      : null;
  }

  @property("Pictures that were dropped: they came too fast", Type.Integer({ minimum: 0 }), {
    readOnly: true,
  })
  get frames_dropped(): number {
    return this.#frames.dropped;
  }

  @property(
    "Requests of programs that were refused, since another one sends",
    Type.Integer({ minimum: 0 }),
    { readOnly: true },
  )
  get senders_refused(): number {
    return this.#frames.refused;
  }

  @endpoint("PUT", "frames", "push", "Send one JPEG, or many in one body", { body: "bytes" })
  put_frames(request: EndpointRequest): Promise<EndpointResponse> {
    return this.#frames.receive(request);
  }

  @endpoint("POST", "frames", "push", "Send one JPEG, or many in one body", { body: "bytes" })
  post_frames(request: EndpointRequest): Promise<EndpointResponse> {
    return this.#frames.receive(request);
  }

  @endpoint("GET", "frames_socket", "push", "WebSocket: each binary message is a JPEG", {
    body: "messages",
  })
  frames_socket(request: EndpointRequest): Promise<EndpointResponse> {
    return this.#frames.receiveMessages(request);
  }

  override async close(): Promise<void> {
    this.#frames.close();
    await super.close();
  }

  protected override source(): RunningSource {
    return this.#frames;
  }

  protected override get patience() {
    const silenceMs = this.#silenceMs;
    const startMs = Math.max(START_MS, silenceMs || Number.POSITIVE_INFINITY);
    return { silenceMs, startMs, silence: () => "Check the program that sends, and its network." };
  }
}

function accepted(options: FramesCameraOptions, name: keyof typeof LIMITS): number {
  const { low, high, otherwise } = LIMITS[name];
  const value: unknown = options[name] ?? otherwise;
  if (typeof value === "number" && value >= low && value <= high) return value;
  throw new ThingError(
    "BAD_ARGUMENT",
    `'${name}' of a FramesCamera must be a number from ${low} to ${high}, not ${String(value)}.`,
  );
}
