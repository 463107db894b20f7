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

/** Of what its options are. */
export const SERVER_OPTIONS = Type.Object({
  endpoint: Type.Optional(Type.String()),
  mode: Type.Optional(Type.Enum([...MODES])),
  tracks: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })),
  insecure: Type.Optional(Type.Boolean()),
  insecure_no_login: Type.Optional(Type.Boolean()),
});

/** What a PyStreamingServer is made with. */
export interface PyStreamingServerOptions {
  /** Where it is bound; `tcp://127.0.0.1:5555` unless given. */
  readonly endpoint?: string;
  /** `pub`: every Receiver has every frame. `distribute`: each frame goes to one Worker of each track. `pub` unless given. */
  readonly mode?: (typeof MODES)[number];
  /** With `distribute`: the names of the queues; `["none"]`, as in pystreaming, unless given. */
  readonly tracks?: readonly string[];
  /** Lets an address be bound that other machines reach. Nobody has to log in there. */
  readonly insecure?: boolean;
  /** Lets it be bound although the server has a login, which this wire does not know. `insecure` includes it. */
  readonly insecure_no_login?: boolean;
}

const Tracks = Type.Array(
  Type.Object({
    name: Type.String(),
    sent: Type.Integer({ minimum: 0, description: "Frames given to a worker" }),
    overwritten: Type.Integer({ minimum: 0, description: "Frames that nobody fetched in time" }),
    waiting: Type.Integer({ minimum: 0, description: "Frames that wait for a worker" }),
  }),
);
type Tracks = Static<typeof Tracks>;

const ENDPOINT = "tcp://127.0.0.1:5555";

/** Streams a camera to pystreaming's Receivers, or deals its frames out to pystreaming's Workers. The JPEGs go as they are. */
export class PyStreamingServer extends Thing {
  static override readonly title = "pystreaming server";
  static override readonly description =
    "A camera's frames over ZeroMQ, for pystreaming's Receivers or Workers, unmodified.";
  readonly #options: PyStreamingServerOptions;
  readonly #endpoint: string;
  #outlet: Outlet | undefined;
  #fno = 0;
  #endDemand: (() => void) | undefined;
  #endFollowing: () => void = () => {};

  @slot("What is streamed", Camera)
  accessor camera!: Camera;

  /** @throws {ThingError} `BAD_ARGUMENT` for an option that is none, or that cannot be. */
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
    "pub: every Receiver has every frame. distribute: each goes to one Worker of each track",
    Type.Enum([...MODES]),
    { readOnly: true },
  )
  get mode(): (typeof MODES)[number] {
    return this.#options.mode ?? "pub";
  }

  @property(
    "Connections: a Receiver makes one, a Python Worker one for each reqthread",
    Type.Integer({ minimum: 0 }),
    {
      readOnly: true,
      observable: true,
    },
  )
  get clients(): number {
    return this.#counts?.peers ?? 0;
  }

  @property("Frames handed out: published, or given to a Worker", Type.Integer({ minimum: 0 }), {
    readOnly: true,
  })
  get frames_sent(): number {
    return this.#counts?.sent ?? 0;
  }

  @property(
    "Frames that no Worker fetched before newer ones took their place. What a slow Receiver misses is not seen here, but by the numbers there",
    Type.Integer({ minimum: 0 }),
    { readOnly: true },
  )
  get frames_overwritten(): number {
    return this.#counts?.overwritten ?? 0;
  }

  @property("Connections and requests that were not of this wire", Type.Integer({ minimum: 0 }), {
    readOnly: true,
  })
  get refused(): number {
    return this.#counts?.refused ?? 0;
  }

  @property("With distribute: what each queue has done", Tracks, { readOnly: true })
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
    this.log.info(`pystreaming's programs find '${this.camera.name}' at ${this.endpoint}.`);
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

  /** The camera runs while somebody is connected. */
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
    if (this.clients === 0) return; // nobody is there: a frame for somebody else
    const meta = { stream: this.camera.mjpeg_stream.name, run, index };
    this.#outlet?.offer({ buf: jpeg, meta, ftime: wallTime(capturedAt) / 1000, fno: this.#fno++ });
  }
}
