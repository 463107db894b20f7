import { type Static, Type } from "typebox";
import { wallTime } from "../../base/clock.ts";
import { property, slot } from "../../core/decorators.ts";
import { Thing } from "../../core/thing.ts";
import type { Frame } from "../../frames/frame.ts";
import { Camera } from "../../instruments/camera.ts";
import { acceptedOptions } from "../options.ts";
import { Distributor } from "./distributor.ts";
import { admitEndpoint } from "./endpoint.ts";
import type { Outlet } from "./outlet.ts";
import { Publisher } from "./publisher.ts";

const MODES = ["pub", "distribute"] as const;

/** The schema of its options. */
export const SERVER_OPTIONS = Type.Object({
  endpoint: Type.Optional(Type.String()),
  mode: Type.Optional(Type.Enum([...MODES])),
  tracks: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })),
  insecure: Type.Optional(Type.Boolean()),
  insecure_no_login: Type.Optional(Type.Boolean()),
});

/** Options of a PyStreamingServer. */
export interface PyStreamingServerOptions {
  /** Where it is bound. Default `tcp://127.0.0.1:5555`. */
  readonly endpoint?: string;
  /** `pub`: every Receiver gets every frame. `distribute`: each frame goes to one Worker of each track. Default `pub`. */
  readonly mode?: (typeof MODES)[number];
  /** With `distribute`: the names of the queues. Default `["none"]`, as in pystreaming. */
  readonly tracks?: readonly string[];
  /** Allows an address that other machines can reach, without a login. */
  readonly insecure?: boolean;
  /** Binds although the server has a login, which this protocol lacks. `insecure` includes it. */
  readonly insecure_no_login?: boolean;
}

const Tracks = Type.Array(
  Type.Object({
    name: Type.String(),
    sent: Type.Integer({ minimum: 0, description: "Frames sent to a worker" }),
    overwritten: Type.Integer({
      minimum: 0,
      description: "Frames that newer ones replaced before they were fetched",
    }),
    waiting: Type.Integer({ minimum: 0, description: "Frames waiting for a worker" }),
  }),
);
type Tracks = Static<typeof Tracks>;

const ENDPOINT = "tcp://127.0.0.1:5555";

/** Streams a camera to pystreaming's Receivers, or distributes its frames to pystreaming's Workers. JPEGs are sent unchanged. */
export class PyStreamingServer extends Thing {
  static override readonly title = "pystreaming server";
  static override readonly description =
    "A camera's unmodified frames over ZeroMQ, for pystreaming's Receivers or Workers.";
  readonly #options: PyStreamingServerOptions;
  readonly #endpoint: string;
  #outlet: Outlet | undefined;
  #fno = 0;
  #endDemand: (() => void) | undefined;
  #endFollowing: () => void = () => {};

  @slot("The camera that is streamed", Camera)
  accessor camera!: Camera;

  /** @throws {ThingError} `BAD_ARGUMENT` that names each invalid option. */
  constructor(options: PyStreamingServerOptions = {}) {
    super();
    acceptedOptions(SERVER_OPTIONS, options, "A PyStreamingServer");
    const { endpoint = ENDPOINT, insecure } = options;
    admitEndpoint(endpoint, { insecure });
    this.#options = options;
    this.#endpoint = endpoint;
  }

  @property("Where it is bound", Type.String(), { readOnly: true })
  get endpoint(): string {
    return this.#outlet?.endpoint ?? this.#endpoint;
  }

  @property(
    "pub: every Receiver gets every frame. distribute: each frame goes to one Worker of each track",
    Type.Enum([...MODES]),
    { readOnly: true },
  )
  get mode(): (typeof MODES)[number] {
    return this.#options.mode ?? "pub";
  }

  @property(
    "Connections: one for each Receiver, one for each reqthread of a Python Worker",
    Type.Integer({ minimum: 0 }),
    {
      readOnly: true,
      observable: true,
    },
  )
  get clients(): number {
    return this.#counts?.peers ?? 0;
  }

  @property("Frames published, or sent to a Worker", Type.Integer({ minimum: 0 }), {
    readOnly: true,
  })
  get frames_sent(): number {
    return this.#counts?.sent ?? 0;
  }

  @property(
    "Frames that newer ones replaced before a Worker fetched them. Losses of a slow Receiver show only in its own counters",
    Type.Integer({ minimum: 0 }),
    { readOnly: true },
  )
  get frames_overwritten(): number {
    return this.#counts?.overwritten ?? 0;
  }

  @property(
    "Connections and requests that did not follow the protocol",
    Type.Integer({ minimum: 0 }),
    {
      readOnly: true,
    },
  )
  get refused(): number {
    return this.#counts?.refused ?? 0;
  }

  @property("With distribute: counters of each queue", Tracks, { readOnly: true })
  get tracks(): Tracks {
    return this.#outlet?.perTrack ?? [];
  }

  override async open(): Promise<void> {
    const { tracks = ["none"], insecure, insecure_no_login } = this.#options;
    const { hasLogin } = this.context;
    const options = { insecure, insecure_no_login, hasLogin, log: this.log };
    const onPeers = () => this.#peersChanged();
    this.#fno = 0;
    this.#outlet =
      this.mode === "pub"
        ? await Publisher.open(this.#endpoint, options, onPeers)
        : await Distributor.open(this.#endpoint, tracks, options, onPeers);
    this.#endFollowing = this.camera.mjpeg_stream.onFrame((frame) => this.#offer(frame));
    this.log.info(`pystreaming's programs can reach '${this.camera.name}' at ${this.endpoint}.`);
  }

  override async close(): Promise<void> {
    this.#endFollowing();
    this.#endDemand?.();
    this.#endDemand = undefined;
    const outlet = this.#outlet;
    this.#outlet = undefined;
    await outlet?.close();
  }

  get #counts(): Outlet["counts"] | undefined {
    return this.#outlet?.counts;
  }

  /** The camera runs while a client is connected. */
  #peersChanged(): void {
    const wanted = this.clients > 0;
    if (wanted && this.#outlet) this.#endDemand ??= this.camera.mjpeg_stream.demand.take();
    if (!wanted) {
      this.#endDemand?.();
      this.#endDemand = undefined;
    }
    this.changed("clients");
  }

  #offer({ jpeg, capturedAt, run, index }: Frame): void {
    if (this.clients === 0) return; // the camera runs for other viewers
    const meta = { stream: this.camera.mjpeg_stream.name, run, index };
    this.#outlet?.offer({ buf: jpeg, meta, ftime: wallTime(capturedAt) / 1000, fno: this.#fno++ });
  }
}
