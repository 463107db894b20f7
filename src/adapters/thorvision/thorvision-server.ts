import { join } from "node:path";
import { Type } from "typebox";
import { delay, within } from "../../base/abort.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import { type Log, logTo } from "../../base/log.ts";
import { filedLog, LogFolder } from "../../base/log-folder.ts";
import { action, event, property, slot } from "../../core/decorators.ts";
import { ThingEvent } from "../../core/event.ts";
import { Thing } from "../../core/thing.ts";
import { Camera } from "../../instruments/camera.ts";
import { requireElements } from "../../processes/programs.ts";
import { ComplaintCounts, Complaints } from "../complaints.ts";
import { admittedHost } from "../wire-address.ts";
import { capabilityText } from "./capability.ts";
import { ThorVisionHttp } from "./http-server.ts";
import { type ThorVisionServerOptions, withDefaults } from "./options.ts";
import type { Gateway } from "./routes.ts";
import { CameraEntry, Port, StartStream, StreamEntry } from "./schemas.ts";
import { type ListedCamera, ServedCamera } from "./served-camera.ts";
import { SENDER_ELEMENTS } from "./srt-sender.ts";
import { Streams } from "./streams.ts";

const LOOK_EVERY_MS = 1000;
const CAMERAS_WITHIN_MS = 300; // libxvc gives up on an answer after 500 ms
const GSTREAMER_WITHIN_MS = 400;
const OPERATOR = "operator"; // requests through the Thing itself, not through ThorVision's protocol

/** Serves cameras over ThorVision's protocol: pythorvision and ThorVision's programs find them as those of an XDAQ. */
export class ThorVisionServer extends Thing {
  static override readonly title: string = "ThorVision server";
  static override readonly description: string =
    "Cameras for ThorVision's clients: listed over HTTP, sent over SRT, each frame with its index and time.";
  readonly #options: Required<ThorVisionServerOptions>;
  #cameras: ServedCamera[] = [];
  #streams: Streams | undefined;
  #http: ThorVisionHttp | undefined;
  #complaints: Complaints | undefined;
  #port: number | undefined;
  #looking: ReturnType<typeof setInterval> | undefined;
  #clients = 0;

  @slot("The cameras that are served", Camera, { many: true })
  accessor cameras!: ReadonlyMap<string, Camera>;

  @event("A camera has become available", CameraEntry)
  readonly camera_added = new ThingEvent<CameraEntry>();

  @event("A camera is no longer available", CameraEntry)
  readonly camera_removed = new ThingEvent<CameraEntry>();

  /** @throws {ThingError} `BAD_ARGUMENT` that names each invalid option. */
  constructor(options: ThorVisionServerOptions = {}) {
    super();
    this.#options = withDefaults(options);
  }

  @property("Host and port for ThorVision's clients", Type.String(), { readOnly: true })
  get address(): string {
    const { host, port } = this.#options;
    return `${host}:${this.#port ?? port}`;
  }

  @property("Available cameras, with their capabilities", Type.Array(CameraEntry), {
    ...{ name: "available", readOnly: true, observable: true },
  })
  get available(): CameraEntry[] {
    return this.#cameras.filter(({ isAvailable }) => isAvailable).map(entryOf);
  }

  @property("The active streams", Type.Array(StreamEntry), { readOnly: true, observable: true })
  get streams(): StreamEntry[] {
    return this.#streams?.list ?? [];
  }

  @property("Receivers that are connected now", Type.Integer({ minimum: 0 }), {
    ...{ readOnly: true, observable: true },
  })
  get clients(): number {
    return this.streams.reduce((sum, { callers }) => sum + callers, 0);
  }

  @property("WebSocket clients that are notified of cameras", Type.Integer({ minimum: 0 }), {
    readOnly: true,
  })
  get listeners(): number {
    return this.#http?.listeners ?? 0;
  }

  @property("Client errors, counted by kind", ComplaintCounts, { readOnly: true })
  get complaints(): ComplaintCounts {
    return { ...this.#complaints?.counts };
  }

  /** Process ids of the SRT children. */
  get pids(): number[] {
    return this.#streams?.pids ?? [];
  }

  override async open(): Promise<void> {
    const { port, latency_ms, max_mb_per_s } = this.#options;
    const host = admittedHost("ThorVision", this.#options, this.log, this.context);
    const complaints = new Complaints(this.log);
    this.#complaints = complaints;
    const { logFiles, settingsFolder } = this.context;
    const own = logFiles ? undefined : new LogFolder(join(settingsFolder, "logs"));
    const log = filedLog(this.log, own, this.name);
    this.#streams = new Streams({
      ...{ host, latencyMs: latency_ms, maxMBps: max_mb_per_s },
      logOf: (name) => streamLog(log, name),
      onChange: () => this.#streamsChanged(),
    });
    this.#http = new ThorVisionHttp(this.#gateway(logFiles ?? own), complaints);
    this.#cameras = [...this.cameras.values()].map(
      (camera, id) => new ServedCamera(id, camera, (one) => this.#availabilityChanged(one)),
    );
    for (const camera of this.#cameras) camera.start();
    this.#port = await this.#http.listen(host, port);
    const names = [...this.cameras.keys()].map((name) => `'${name}'`).join(", ");
    this.log.info(`ThorVision's clients can reach ${names || "no camera"} at ${this.address}.`);
    this.#looking = setInterval(() => void this.#look(), LOOK_EVERY_MS);
    void requireElements(SENDER_ELEMENTS).catch((error) => this.log.warn(messageOf(error)));
  }

  override async close(): Promise<void> {
    clearInterval(this.#looking);
    await this.#http?.close();
    await this.#streams?.endAll();
    for (const camera of this.#cameras) camera.stop();
    this.#cameras = [];
    this.#port = undefined;
  }

  @action("Send a camera on a port over SRT, for any receiver", {
    ...{ input: StartStream, output: Type.String({ description: "srt://HOST:PORT" }) },
    useGlobalLock: false,
  })
  async start_stream({ camera, port, capability }: StartStream): Promise<string> {
    const served = this.#cameras.find(({ name }) => name === camera);
    if (!served?.isAvailable) {
      const names = this.available.map(({ name }) => name).join(", ") || "none";
      throw new ThingError(
        "BAD_ARGUMENT",
        `Camera '${camera}' is not available. Available: ${names}.`,
      );
    }
    const text = capability ?? this.#textOf(served);
    await this.#start(served, port, text, OPERATOR);
    return `srt://${this.#options.host}:${port}`;
  }

  @action("End the stream on a port, whichever client requested it", {
    ...{ input: Type.Object({ port: Port }), releases: true, useGlobalLock: false },
  })
  async stop_stream({ port }: { port: number }): Promise<void> {
    await this.#streams?.end(port);
  }

  #gateway(logs?: LogFolder): Gateway {
    return {
      cameras: () => this.#listed(),
      start: ({ id, port, capability }, address) =>
        this.#start(this.#cameraOf(id), port, capability, address),
      stop: async (id, address) => this.#streams?.stop(this.#cameraOf(id), address),
      logs: async () => {
        this.#assertOpenLogs();
        await logs?.written();
        return (await logs?.list()) ?? [];
      },
      log: async (name) => {
        this.#assertOpenLogs();
        await logs?.written();
        return logs?.read(name);
      },
    };
  }

  /** @throws {ThingError} `FORBIDDEN` if the server's own port protects the logs by a login, which this port lacks. */
  #assertOpenLogs(): void {
    if (!this.context.hasLogin || this.#options.insecure_logs) return;
    throw new ThingError(
      "FORBIDDEN",
      "This server has a login and this port does not, so the log files are not served here. Read them at the server's own port, or set insecure_logs: true to let everyone read them.",
    );
  }

  /** Right after the start a camera may need a moment to show its size and rate. */
  async #listed(): Promise<ListedCamera[]> {
    const until = performance.now() + CAMERAS_WITHIN_MS;
    while (this.#cameras.some(({ isStarting }) => isStarting) && performance.now() < until) {
      await delay(10);
    }
    return this.#cameras.filter(({ isAvailable }) => isAvailable).map(({ listed }) => listed);
  }

  async #start(camera: ServedCamera, port: number, text: string, by: string): Promise<void> {
    const late = () =>
      new ThingError(
        "NOT_READY",
        "The check for GStreamer has not finished. Try again in a moment.",
      );
    await within(requireElements(SENDER_ELEMENTS), GSTREAMER_WITHIN_MS, late);
    await this.#streams?.start(camera, port, text, by);
  }

  #textOf({ listed }: ServedCamera): string {
    const [first] = listed.caps;
    return first ? capabilityText(first) : "";
  }

  /** @throws {ThingError} `NOT_FOUND`. */
  #cameraOf(id: number): ServedCamera {
    const camera = this.#cameras.find((one) => one.id === id);
    if (camera?.isAvailable) return camera;
    const ids = this.available.map((one) => one.id).join(", ") || "none";
    const why = camera ? "does not deliver frames now" : "does not exist";
    throw new ThingError("NOT_FOUND", `Camera ${id} ${why}. Available: ${ids}.`);
  }

  #availabilityChanged(camera: ServedCamera): void {
    this.#http?.notify(camera.isAvailable ? "Added" : "Removed", camera.listed);
    this.changed("available");
    if (camera.isAvailable) this.camera_added.emit(entryOf(camera));
    else this.camera_removed.emit(entryOf(camera));
  }

  async #look(): Promise<void> {
    const ended = await this.#streams?.endIdle(this.#options.idle_timeout_s * 1000);
    for (const port of ended ?? []) {
      this.log.info(
        `Port ${port} was closed: it had no caller for ${this.#options.idle_timeout_s} s.`,
      );
    }
    if (this.clients !== this.#clients) this.#streamsChanged();
  }

  #streamsChanged(): void {
    this.changed("streams");
    if (this.clients === this.#clients) return;
    this.#clients = this.clients;
    this.changed("clients");
  }
}

function entryOf({ id, name, listed }: ServedCamera): CameraEntry {
  return { id, name, capabilities: listed.caps.map(capabilityText) };
}

/** The log of a stream, which also writes to a file of its own. */
function streamLog(log: Log, name: string): Log {
  const file = log.program?.(name);
  return logTo((level, message) => {
    log[level](`${name}: ${message}`);
    file?.(`${level.padEnd(5)} ${message}`);
  });
}
