import type { WriteStream } from "node:fs";
import { messageOf, ThingError } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import type { Child } from "../../processes/child.ts";
import { programVersion, requireElements } from "../../processes/programs.ts";
import { type Capability, capabilityText, JPEG } from "./capability.ts";
import { extractMetadata } from "./extract-metadata.ts";
import {
  type ThorVisionAddress,
  type ThorVisionCameraEntry,
  ThorVisionHttpClient,
} from "./http-client.ts";
import {
  endRecording,
  freeBaseName,
  type LocalRecording,
  RECORDING_ELEMENTS,
  recordLocally,
  type SplitOptions,
} from "./local-recording.ts";

/** A camera that is received and recorded. */
export interface Stream {
  readonly camera: ThorVisionCameraEntry;
  readonly capability: Capability;
  /** UDP port of SRT on the server. */
  readonly port: number;
  /** The files' path with `%02d` for their number. */
  readonly videoPath: string;
  /** The GStreamer command line, as a user could type it. */
  readonly gstreamerPipeline: string;
  readonly process: Child;
  /** With `gstreamerDebug`; open while recording. */
  readonly gstreamerLogFile: WriteStream | undefined;
  readonly gstreamerLogFilePath: string | undefined;
  readonly createdAt: Date;
}

const FIRST_PORT = 9001;
const LAST_PORT = 9099;

/**
 * Receives and records the cameras of a ThorVision server, like pythorvision's client of the same name. Use it with
 * `await using`, or call `cleanStreams`: otherwise recordings continue until this process ends.
 */
export class ThorVisionClient implements AsyncDisposable {
  /** By the camera's id. */
  readonly streams = new Map<number, Stream>();
  /** Rejects if the server cannot be reached or GStreamer is missing. Every method awaits it. */
  readonly ready: Promise<void>;
  readonly #http: ThorVisionHttpClient;
  readonly #log: Log;
  readonly #recordings = new Map<number, LocalRecording>();
  readonly #starting = new Map<number, { port: number; stream: Promise<Stream> }>();

  /** @param address - Where the server is. @param log - Receives messages about streams. */
  constructor(address: ThorVisionAddress = {}, log: Log = silentLog) {
    this.#http = new ThorVisionHttpClient(address);
    this.#log = log;
    this.ready = this.#check();
    this.ready.catch(() => {}); // reported to those that await it
  }

  /** Connects to a server that responds. @throws {ThingError} `SOURCE_FAILED`; `PROGRAM_MISSING` without GStreamer. */
  static async connect(address: ThorVisionAddress = {}, log?: Log): Promise<ThorVisionClient> {
    const client = new ThorVisionClient(address, log);
    await client.ready;
    return client;
  }

  /** Names of a server's logs. @throws {ThingError} `SOURCE_FAILED`. */
  static listLogs(address: ThorVisionAddress = {}): Promise<string[]> {
    return new ThorVisionHttpClient(address).logs();
  }

  /** The text of a log. @throws {ThingError} `SOURCE_FAILED`, also if there is no log of this name. */
  static getLog(name: string, address: ThorVisionAddress = {}): Promise<string> {
    return new ThorVisionHttpClient(address).log(name);
  }

  /** The metadata of each frame of a recording. @see extractMetadata */
  static readonly extractMetadata = extractMetadata;

  get host(): string {
    return this.#http.host;
  }

  get port(): number {
    return this.#http.port;
  }

  /** The server's cameras. @throws {ThingError} `SOURCE_FAILED`. */
  async listCameras(): Promise<ThorVisionCameraEntry[]> {
    await this.ready;
    return this.#http.cameras();
  }

  /**
   * Requests a camera's stream and records it. For a camera that is being recorded, returns its current Stream.
   * @throws {ThingError} `BAD_ARGUMENT` for a capability that is not JPEG; `SOURCE_FAILED` with the server's reason;
   * `RECORDING_FAILED` if GStreamer does not run; the server has then been told to stop.
   */
  async startStreamWithRecording(
    camera: ThorVisionCameraEntry,
    capability: Capability,
    outputDir: string,
    options: SplitOptions = {},
  ): Promise<Stream> {
    if (capability.media_type !== JPEG) {
      const text = capabilityText(capability);
      throw new ThingError(
        "BAD_ARGUMENT",
        `'${text}' cannot be recorded. Choose a capability of ${JPEG}.`,
      );
    }
    await this.ready;
    const there = this.streams.get(camera.id) ?? this.#starting.get(camera.id)?.stream;
    if (there) return there;
    const port = this.#freePort();
    const stream = this.#begin(camera, capability, outputDir, port, options);
    this.#starting.set(camera.id, { port, stream });
    try {
      return await stream;
    } finally {
      this.#starting.delete(camera.id);
    }
  }

  /** Finishes the files and stops the stream at the server. @throws {ThingError} `NOT_FOUND` when the camera is not recorded. */
  async stopStream(cameraId: number): Promise<void> {
    const recording = this.#recordings.get(cameraId);
    this.#recordings.delete(cameraId);
    this.streams.delete(cameraId);
    if (!recording) throw new ThingError("NOT_FOUND", `Camera ${cameraId} is not being recorded.`);
    await endRecording(recording);
    await this.#stopServer(cameraId);
  }

  /** Stops all streams. Never rejects: errors are logged. */
  async cleanStreams(): Promise<void> {
    await Promise.allSettled([...this.#starting.values()].map(({ stream }) => stream));
    const results = await Promise.allSettled(
      [...this.streams.keys()].map((id) => this.stopStream(id)),
    );
    for (const result of results) {
      if (result.status === "rejected") this.#log.error(messageOf(result.reason));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cleanStreams();
  }

  async #check(): Promise<void> {
    await this.#http.cameras();
    await programVersion("gst-launch-1.0");
    await requireElements(RECORDING_ELEMENTS);
  }

  async #begin(
    camera: ThorVisionCameraEntry,
    capability: Capability,
    outputDir: string,
    port: number,
    options: SplitOptions,
  ): Promise<Stream> {
    await this.#http.start(camera.id, port, capabilityText(capability));
    try {
      const createdAt = new Date();
      const base = await freeBaseName(outputDir, camera.id, camera.name, createdAt);
      const url = `srt://${this.#http.hostInUrl}:${port}`;
      const recording = await recordLocally(url, base, options);
      const stream = {
        ...{ camera, capability, port, createdAt, videoPath: `${base}-%02d.mkv` },
        ...{ gstreamerPipeline: recording.pipeline, process: recording.child },
        ...{ gstreamerLogFile: recording.logFile, gstreamerLogFilePath: recording.logFilePath },
      };
      this.#recordings.set(camera.id, recording);
      this.streams.set(camera.id, stream);
      this.#log.info(`Camera ${camera.id} is recorded to ${stream.videoPath}`);
      return stream;
    } catch (error) {
      await this.#stopServer(camera.id);
      throw error;
    }
  }

  /** The files are complete whatever the server answers: its refusal is only logged, as in pythorvision. */
  async #stopServer(id: number): Promise<void> {
    await this.#http.stop(id).catch((error) => this.#log.warn(messageOf(error)));
  }

  #freePort(): number {
    const used = new Set(
      [...this.streams.values(), ...this.#starting.values()].map(({ port }) => port),
    );
    for (let port = FIRST_PORT; port <= LAST_PORT; port++) if (!used.has(port)) return port;
    throw new ThingError(
      "PORT_IN_USE",
      "This client uses all ports from 9001 to 9099. Stop a stream first.",
    );
  }
}
