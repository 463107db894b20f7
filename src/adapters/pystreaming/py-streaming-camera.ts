import { Type } from "typebox";
import { steadyTime } from "../../base/clock.ts";
import { property } from "../../core/decorators.ts";
import type { Origin, SourceLoss } from "../../frames/frame.ts";
import type { FrameSource, SourceFrame } from "../../frames/frame-source.ts";
import { Camera } from "../../instruments/camera.ts";
import { acceptedOptions } from "../options.ts";
import { buffer } from "./buffer.ts";
import { admitEndpoint, requireEndpoint } from "./endpoint.ts";
import type { Packet } from "./packet.ts";
import { toJson } from "./python-value.ts";
import { Receiver } from "./receiver.ts";

const MODES = ["pub", "collect"] as const;

/** The schema of its options. */
export const CAMERA_OPTIONS = Type.Object({
  endpoint: Type.String(),
  mode: Type.Optional(Type.Enum([...MODES])),
  buffer_s: Type.Optional(Type.Number({ minimum: 0, maximum: 60 })),
  insecure: Type.Optional(Type.Boolean()),
  insecure_no_login: Type.Optional(Type.Boolean()),
  keep_warm: Type.Optional(Type.Boolean()),
});

/** Options of a PyStreamingCamera. */
export interface PyStreamingCameraOptions {
  /** `pub`: a Streamer's endpoint. `collect`: the endpoint that is bound here, to which Workers send. */
  readonly endpoint: string;
  /** Default `pub`. */
  readonly mode?: (typeof MODES)[number];
  /** Delay, s, within which frames of Workers that overtake each other are reordered. Default 0: as they arrive. */
  readonly buffer_s?: number;
  /** With `collect`: allows an address that other machines can reach, without a login. */
  readonly insecure?: boolean;
  /** With `collect`: binds although the server has a login, which this protocol lacks. `insecure` includes it. */
  readonly insecure_no_login?: boolean;
  /** Whether it also receives while its frames are not wanted. */
  readonly keep_warm?: boolean;
}

const Count = Type.Integer({ minimum: 0 });

/** A camera whose frames come from pystreaming: from a Streamer, or from Workers that have processed them. */
export class PyStreamingCamera extends Camera {
  static override readonly title = "pystreaming camera";
  static override readonly description =
    "The frames of a pystreaming Streamer, or of its Workers, with their metadata.";
  readonly #options: PyStreamingCameraOptions;
  #receiver: Receiver | undefined;
  #meta: unknown = null;

  /** @throws {ThingError} `BAD_ARGUMENT` that names each invalid option. */
  constructor(options: PyStreamingCameraOptions) {
    const accepted = acceptedOptions(CAMERA_OPTIONS, options, "A PyStreamingCamera");
    const { endpoint, mode = "pub", insecure, keep_warm = false } = accepted;
    super({ keep_warm });
    if (mode === "collect") admitEndpoint(endpoint, { insecure });
    else requireEndpoint(endpoint);
    this.#options = options;
  }

  @property("Where the frames come from, or where Workers send them", Type.String(), {
    readOnly: true,
  })
  get endpoint(): string {
    return this.#receiver?.endpoint ?? this.#options.endpoint;
  }

  @property("The newest frame's metadata from its sender", Type.Unknown(), {
    readOnly: true,
    observable: true,
  })
  get meta(): unknown {
    return this.#meta;
  }

  @property("Frames whose numbers are missing", Count, { readOnly: true })
  get frames_missed(): number {
    return this.#receiver?.counts.missing ?? 0;
  }

  @property("Messages that were not frames", Count, { readOnly: true })
  get refused(): number {
    return this.#receiver?.counts.refused ?? 0;
  }

  protected override source(): FrameSource {
    const { endpoint, mode, insecure, insecure_no_login } = this.#options;
    const { log } = this;
    // It is bound when frames are wanted; whether it may be is checked when the camera opens.
    if (mode === "collect")
      admitEndpoint(endpoint, {
        insecure,
        insecure_no_login,
        log,
        hasLogin: this.context.hasLogin,
      });
    const receiver = new Receiver(endpoint, { mapreduce: mode === "collect", insecure, log });
    this.#receiver = receiver;
    return { frames: (signal) => this.#frames(receiver, signal) };
  }

  /** Whether a gap means a loss: Workers overtake each other, so missing frames may still arrive. */
  get #comesInOrder(): boolean {
    const { mode = "pub", buffer_s = 0 } = this.#options;
    return mode === "pub" || buffer_s > 0;
  }

  /** A Streamer may be silent for any time. */
  protected override get patience() {
    return { silenceMs: 0 };
  }

  async *#frames(receiver: Receiver, signal: AbortSignal): AsyncGenerator<SourceFrame> {
    const { buffer_s = 0 } = this.#options;
    const stop = () => void receiver.stop();
    signal.addEventListener("abort", stop, { once: true });
    try {
      await receiver.start();
      if (signal.aborted) return;
      const { handler } = receiver;
      const packets = buffer_s > 0 ? inOrder(handler, buffer_s, signal) : handler;
      const gaps = new Gaps(this.#comesInOrder, receiver.endpoint);
      for await (const packet of packets) {
        this.#meta = toJson(packet.meta);
        this.changed("meta");
        const origin = originOf(packet, receiver);
        const lossesBefore = gaps.before(packet.fno);
        yield { jpeg: packet.buf, capturedAt: steadyTime(origin.capturedAt), origin, lossesBefore };
      }
    } finally {
      signal.removeEventListener("abort", stop);
      await receiver.stop();
    }
  }
}

/** Counts missing numbers between consecutive frames, if frames arrive in order. */
class Gaps {
  readonly #comesInOrder: boolean;
  readonly #endpoint: string;
  #last: number | undefined;

  constructor(comesInOrder: boolean, endpoint: string) {
    this.#comesInOrder = comesInOrder;
    this.#endpoint = endpoint;
  }

  before(fno: number): SourceLoss[] {
    const count = fno - 1 - (this.#last ?? fno);
    this.#last = fno;
    if (!this.#comesInOrder || count < 1) return [];
    return [{ what: "lost", count, why: `they did not arrive at or from ${this.#endpoint}` }];
  }
}

async function* inOrder(
  packets: AsyncIterable<Packet>,
  seconds: number,
  signal: AbortSignal,
): AsyncGenerator<Packet> {
  for await (const [, packet] of buffer(seconds, { packets }, { signal })) yield packet;
}

/** The frame's identity at another Thingscope, if its meta has it; otherwise its number at its Streamer. */
function originOf({ meta, fno, ftime }: Packet, { endpoint, run }: Receiver): Origin {
  const capturedAt = ftime * 1000;
  const entries = typeof meta === "object" && meta !== null ? Object.entries(meta) : [];
  const { stream, run: theirs, index } = Object.fromEntries(entries);
  const isOurs =
    typeof stream === "string" && typeof theirs === "string" && Number.isSafeInteger(index);
  return isOurs
    ? { stream, run: theirs, index: Number(index), capturedAt }
    : { stream: endpoint, run: `${run}`, index: fno, capturedAt };
}
