import { createServer, type Server, type Socket } from "node:net";
import { type Static, Type } from "typebox";
import { silentLog } from "../../base/log.ts";
import { action, event, property, slot } from "../../core/decorators.ts";
import { ThingEvent } from "../../core/event.ts";
import { Thing } from "../../core/thing.ts";
import { PIXEL_FORMATS } from "../../frames/pixels/pixel-formats.ts";
import { Camera } from "../../instruments/camera.ts";
import { ComplaintCounts, Complaints } from "../complaints.ts";
import { acceptedOptions } from "../options.ts";
import { admittedHost, listenOn } from "../wire-address.ts";
import { FILERS_PORT } from "./check.ts";
import { NetworkClient } from "./network-client.ts";
import { PictureSender } from "./picture-sender.ts";

const Options = Type.Object({
  host: Type.Optional(Type.String({ minLength: 1 })),
  port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
  insecure: Type.Optional(Type.Boolean()),
  insecure_no_login: Type.Optional(Type.Boolean()),
  pixel_format: Type.Optional(Type.Enum([...PIXEL_FORMATS])),
  max_fps: Type.Optional(Type.Number({ minimum: 0.01, maximum: 1000 })),
  width: Type.Optional(Type.Integer({ minimum: 16, maximum: 65_500 })),
  recording: Type.Optional(Type.Boolean()),
  max_clients: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
});

const ClientStatus = Type.Object({
  address: Type.String(),
  port: Type.Integer(),
  state: Type.Enum(["idle", "requested", "playing"], {
    description:
      "Idle: it has not asked for pictures. Requested: it has asked and waits. Playing: it receives them",
  }),
  sent: Type.Integer({ description: "Pictures sent to it" }),
  skipped: Type.Integer({
    description: "Pictures that were skipped while it played, because it was too slow",
  }),
});

/** Options of a FilersServer. */
export interface FilersServerOptions {
  /** Where it listens. Default `127.0.0.1`; an address off loopback needs `insecure`. */
  readonly host?: string;
  /** Default 10000; 0 takes a free port. */
  readonly port?: number;
  /** Allows an address off loopback. The protocol has no login: any client that reaches the port sees the camera. */
  readonly insecure?: boolean;
  /** Lets it listen although the server has a login, which this protocol lacks. `insecure` includes it. */
  readonly insecure_no_login?: boolean;
  /** Default `rgb24`. */
  readonly pixel_format?: (typeof PIXEL_FORMATS)[number];
  /** At most this many pictures a second; all when absent. */
  readonly max_fps?: number;
  /** Largest width, pixels; the camera's own when absent. */
  readonly width?: number;
  /** Whether it records to the network from the start. Default true. */
  readonly recording?: boolean;
  /** How many clients may be connected at once. Default 32. */
  readonly max_clients?: number;
}

const DEFAULT_MAX_CLIENTS = 32;
const WIRE = "Filers";

/**
 * Serves a camera as Filers' network recorder does: raw pictures over TCP, for Filers' RemoteVideoPlayer and programs that
 * extend it.
 */
export class FilersServer extends Thing {
  static override readonly title: string = "Filers server";
  static override readonly description: string =
    "Sends a camera's decoded pictures to clients of Filers' network recorder.";
  readonly #options: FilersServerOptions;
  readonly #clients = new Set<NetworkClient>();
  #complaints = new Complaints(silentLog);
  #server: Server | undefined;
  #sender: PictureSender | undefined;
  #port = 0;
  #isRecording: boolean;
  #connections = 0;
  #sent = 0;
  #skipped = 0;

  @slot("The camera whose pictures are sent", Camera)
  accessor camera!: Camera;

  @event(
    "A client started or stopped asking for pictures",
    Type.Object({
      address: Type.String(),
      port: Type.Integer(),
      state: Type.Enum(["idle", "requested", "playing"]),
    }),
  )
  readonly client_changed = new ThingEvent<
    Pick<Static<typeof ClientStatus>, "address" | "port" | "state">
  >();

  /** @throws {ThingError} `BAD_ARGUMENT` that names each invalid option, and for an address off loopback without `insecure`. */
  constructor(options: FilersServerOptions = {}) {
    super();
    this.#options = acceptedOptions(Options, options, "A FilersServer");
    this.#isRecording = options.recording ?? true;
    admittedHost(WIRE, options, silentLog);
  }

  @property("Whether pictures are sent to the clients that play", Type.Boolean(), {
    readOnly: true,
    observable: true,
  })
  get network_recording(): boolean {
    return this.#isRecording;
  }

  @property(
    "The port it listens on while it is open",
    Type.Integer({ minimum: 0, maximum: 65_535 }),
    {
      readOnly: true,
    },
  )
  get port(): number {
    return this.#port;
  }

  @property("The connected clients", Type.Array(ClientStatus), { readOnly: true })
  get clients(): Static<typeof ClientStatus>[] {
    return [...this.#clients].map(({ address, port, state, sent, skipped }) => {
      return { address, port, state, sent, skipped };
    });
  }

  @property("Connections accepted so far", Type.Integer(), { readOnly: true })
  get connections(): number {
    return this.#connections;
  }

  @property("Frames decoded, each once for all clients", Type.Integer(), { readOnly: true })
  get frames_decoded(): number {
    return this.#sender?.decoded ?? 0;
  }

  @property("Pictures sent to clients, including clients that have left", Type.Integer(), {
    readOnly: true,
  })
  get frames_sent(): number {
    return [...this.#clients].reduce((sum, { sent }) => sum + sent, this.#sent);
  }

  @property(
    "Pictures skipped because clients were too slow, including clients that have left",
    Type.Integer(),
    { readOnly: true },
  )
  get frames_skipped(): number {
    return [...this.#clients].reduce((sum, { skipped }) => sum + skipped, this.#skipped);
  }

  @property("Client errors, counted by kind", ComplaintCounts, { readOnly: true })
  get faults(): ComplaintCounts {
    return { ...this.#complaints.counts };
  }

  override async open(): Promise<void> {
    this.#complaints = new Complaints(this.log);
    const {
      port = FILERS_PORT,
      pixel_format: pixelFormat = "rgb24",
      max_fps,
      width,
    } = this.#options;
    // Filers' clients speak IPv4 only, and "localhost" may resolve to IPv6.
    const admitted = admittedHost(WIRE, this.#options, this.log, this.context);
    const host = admitted.replace(/^localhost$/i, "127.0.0.1");
    this.#sender = new PictureSender(this.camera.mjpeg_stream, this.#clients, {
      ...{ pixelFormat, maxFps: max_fps, width },
      onFault: (kind, sentence) => this.#complaints.add(kind, sentence),
    });
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    this.#port = await listenOn(server, host, port);
    server.on("error", (error) =>
      this.#complaints.add(
        "accept_failed",
        `A Filers client could not be accepted: ${error.message}.`,
      ),
    );
  }

  override async close(): Promise<void> {
    this.#sender?.close();
    const closed = new Promise((resolve) => this.#server?.close(resolve) ?? resolve(undefined));
    for (const client of this.#clients) client.end();
    await closed;
    this.#server = undefined;
    this.#port = 0;
  }

  @action("Start sending pictures to the clients that play", { useGlobalLock: false })
  start_network_recording(): void {
    this.#setRecording(true);
  }

  @action("Stop sending pictures. Clients are told and must ask again for more", {
    releases: true,
    useGlobalLock: false,
  })
  stop_network_recording(): void {
    this.#setRecording(false);
  }

  #setRecording(isRecording: boolean): void {
    if (isRecording === this.#isRecording) return;
    this.#isRecording = isRecording;
    if (!isRecording) for (const client of this.#clients) client.stopped();
    this.#adapt();
    this.changed("network_recording");
  }

  /** Frames are wanted, and decoded, while a client plays. */
  #adapt(): void {
    const isPlayed = [...this.#clients].some(({ state }) => state !== "idle");
    this.#sender?.adapt(this.#isRecording && isPlayed);
  }

  #accept(socket: Socket): void {
    this.#connections++;
    if (!this.#makeRoom()) {
      socket.destroy();
      return;
    }
    const client = new NetworkClient(socket, {
      onState: () => this.#changed(client),
      onRoom: () => this.#sender?.clientHasRoom(),
      onFault: (kind, sentence) => this.#complaints.add(kind, sentence),
    });
    this.#clients.add(client);
    socket.on("close", () => this.#removed(client));
  }

  /** Disconnects a client that never sent a message to make room for a new one. @returns False when there is none. */
  #makeRoom(): boolean {
    const { max_clients: most = DEFAULT_MAX_CLIENTS } = this.#options;
    if (this.#clients.size < most) return true;
    const silent = [...this.#clients].find(({ hasSpoken }) => !hasSpoken);
    this.#complaints.add(
      "too_many_clients",
      `${most} Filers clients are connected already: ${silent ? "one that never sent a message was disconnected" : "a new one was refused"}. Raise max_clients to allow more.`,
    );
    if (silent) this.#removed(silent);
    silent?.end();
    return silent !== undefined;
  }

  #removed(client: NetworkClient): void {
    if (!this.#clients.delete(client)) return;
    client.cancel();
    this.#sent += client.sent;
    this.#skipped += client.skipped;
    if (client.state !== "idle") this.#emitChange(client, "idle");
    this.#adapt();
  }

  #changed(client: NetworkClient): void {
    this.#adapt();
    this.#emitChange(client, client.state);
    if (this.#isRecording && this.#sender?.format) client.begin(this.#sender.format);
  }

  #emitChange({ address, port }: NetworkClient, state: NetworkClient["state"]): void {
    this.client_changed.emit({ address, port, state });
  }
}
