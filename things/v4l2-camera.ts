import {
  affordancesOf,
  Camera,
  type FrameSource,
  isAbort,
  logTo,
  messageOf,
  property,
  type ThingError,
  withDeadline,
} from "thingscope";
import {
  type StillPicture,
  V4l2Controls,
  type V4l2Description,
  V4l2Device,
  V4l2Modes,
  V4l2Node,
  v4l2Command,
  type WantedMode,
} from "thingscope/frames";
import { Type } from "typebox";
import { CameraMode } from "./v4l2-mode.ts";
import { Capabilities, Losses, Mode, Sizes } from "./v4l2-schemas.ts";

/** What a V4L2Camera is made with; all of it may be absent. */
export interface V4L2CameraOptions {
  /** The camera's id, as `thingscope cameras` lists it, or its path in /dev; the first camera that there is by default. */
  readonly device?: string;
  /** How it streams; by default as the device does, or in MJPEG up to 1280 x 720 if that makes no JPEGs. */
  readonly mode?: WantedMode;
  /** Initial values of controls, by the names of their properties. */
  readonly controls?: Readonly<Record<string, unknown>>;
  /** Whether it streams even while its frames are not wanted. */
  readonly keep_warm?: boolean;
  /** Another program that speaks the wire of docs/internals/v4l2-program.md, and its first arguments. */
  readonly program?: readonly string[];
}

/** How long `open` waits for the device to say what it has, ms; it is described later if it takes longer. */
const OPEN_MS = 5000;
const MODE_MS = 20_000;
/** How often controls are read that the device changes without a word, while they are observed, ms. */
const POLL_MS = 1000;
/**
 * A camera of V4L2: a webcam, a capture card. Each of its controls is a property of its own. A program of its own has the device
 * open, so that a driver that hangs or crashes costs this camera and nothing else.
 */
export class V4L2Camera extends Camera {
  static override readonly title: string = "V4L2 camera";
  static override readonly description =
    "A camera at /dev/video*: its controls are properties, its modes can be changed while it streams.";
  readonly #options: V4L2CameraOptions;
  readonly #node: V4l2Node;
  readonly #device: V4l2Device;
  readonly #mode: CameraMode;
  readonly #controls: V4l2Controls;
  #endWatch: () => void = () => {};
  #poll: NodeJS.Timeout | undefined;
  #isPolling = false;
  #wasOpen = false;
  #awayMs = 0;

  constructor(options: V4L2CameraOptions = {}) {
    super(options.keep_warm === undefined ? {} : { keep_warm: options.keep_warm });
    this.#options = options;
    this.#node = new V4l2Node(options.device);
    this.#device = new V4l2Device({
      find: () => this.#node.find(),
      command: (node) =>
        v4l2Command(node, { program: options.program, mode: this.#mode.known, log: this.log }),
      onOpen: (description) => this.#prepare(description),
      onReady: () => this.mjpeg_stream.source.returns(),
      onStreaming: (signal) => this.#restoreMode(signal),
      onDescribed: (description) => this.#describe(description),
      onControls: (controls) => this.#controls.changed(controls),
      onLost: (reason) => this.#lose(reason),
      log: logTo((level, message, fields) => this.log[level](message, fields)),
    });
    this.#mode = new CameraMode(this.#device, options.mode, (words, signal) =>
      this.#setMode(words, signal),
    );
    const named = affordancesOf(this.constructor as typeof V4L2Camera).map(({ name }) => name);
    this.#controls = new V4l2Controls(this, this.#device, [...named, "mode"]);
  }

  @property("What the device is, and whether it is there", Capabilities, {
    readOnly: true,
    observable: true,
  })
  get capabilities() {
    const { driver = "", card = "", bus_info: bus = "", node = "" } = this.#description ?? {};
    return { driver, card, bus, node, is_open: this.#device.isReady };
  }

  @property(
    "Formats, sizes and rates that the camera has; three numbers for a side are smallest, largest and step",
    Sizes,
    { readOnly: true, observable: true },
  )
  get modes() {
    return this.#modes?.sizes ?? [];
  }

  @property(
    "How long the picture was away when the mode was changed last, or a still was taken",
    Type.Number({ minimum: 0, unit: "ms" }),
    { readOnly: true, observable: true },
  )
  get picture_away_ms(): number {
    return this.#awayMs;
  }

  @property(
    "Frames that did not arrive: lost by the driver, by its numbers; replaced by newer ones, since the server was busy; damaged on USB",
    Losses,
    { readOnly: true },
  )
  get losses() {
    return { ...this.#device.counts };
  }

  /** Frames a second, as the device says, which its recordings tell. */
  get framerate(): number | undefined {
    return this.#modes?.present?.rate || undefined;
  }

  override async open(): Promise<void> {
    super.open();
    this.#endWatch = this.#node.watch(() => this.#device.lookAgain());
    this.#device.open();
    this.#poll = setInterval(() => void this.#pollControls(), POLL_MS).unref();
    const never = new AbortController().signal;
    try {
      await withDeadline(OPEN_MS, never, (signal) => this.#device.ready(signal));
    } catch (error) {
      const reason = isAbort(error) ? "its driver does not answer yet." : messageOf(error);
      this.log.warn(`The camera could not be opened: ${reason} It is tried again.`);
    }
  }

  override async close(): Promise<void> {
    this.#endWatch();
    clearInterval(this.#poll);
    try {
      await super.close();
    } finally {
      await this.#device.close();
    }
  }

  protected override source(): FrameSource {
    return this.#device;
  }

  /** A picture of the camera's full size. Unless it streams in that, the stream is interrupted: `picture_away_ms` tells for how long. */
  override takeStill(signal: AbortSignal): Promise<StillPicture> {
    return this.#whileStreaming(() => this.#takeStill(signal));
  }

  async #takeStill(signal: AbortSignal): Promise<StillPicture> {
    const streamed = await super.takeStill(signal); // the device streams, and its exposure has settled
    const largest = this.#modes?.largest;
    if (!largest || largest.width * largest.height <= streamed.width * streamed.height)
      return streamed;
    const words = `${largest.format} ${largest.width}x${largest.height}`;
    const { awayMs, ...still } = await this.#device.still(words, signal);
    this.#noteAway(awayMs);
    return still;
  }

  /** The process id of the program that has the device open. */
  get pid(): number | undefined {
    return this.#device.pid;
  }

  get #description(): V4l2Description | undefined {
    return this.#device.description;
  }

  get #modes(): V4l2Modes | undefined {
    return this.#description && new V4l2Modes(this.#description);
  }

  /** The device was opened, for the first time or again: it gets the mode and the values that it had. */
  async #prepare(description: V4l2Description): Promise<void> {
    this.#describe(description);
    await this.#restoreMode();
    const initial = this.#wasOpen ? {} : (this.#options.controls ?? {});
    this.#warn(await this.#controls.apply(new Map(Object.entries(initial))));
    this.#wasOpen = true;
  }

  /** Another program may have kept it from being set, or have changed it while nobody watched. */
  async #restoreMode(signal?: AbortSignal): Promise<void> {
    const fault = await this.#mode.restore(signal);
    if (fault !== undefined) this.#warn([`'mode': ${fault}`]);
  }

  #warn(faults: readonly string[]): void {
    if (faults.length > 0)
      this.log.warn(`Some settings were not taken by the camera: ${faults.join("; ")}`);
  }

  /** One poll at a time: a device may take longer to answer. */
  async #pollControls(): Promise<void> {
    if (this.#isPolling || !this.#device.isReady || !this.context.isObserved?.()) return;
    this.#isPolling = true;
    await this.#controls.poll().catch(() => {}); // the device has gone, or hangs: that is told elsewhere
    this.#isPolling = false;
  }

  #describe(description: V4l2Description): void {
    this.describeAs({ title: this.#node.title ?? description.card });
    this.#controls.update(description);
    this.addProperty({
      name: "mode",
      title: "Mode",
      description:
        "Format, size and rate of the stream. One that the device refuses leaves the present one",
      schema: Mode,
      read: () => this.#mode.present,
      write: (mode, signal) => this.#changeMode(mode, signal),
      ...{ observable: true, saved: true, withinMs: MODE_MS },
    });
    this.changed("mode");
    this.changed("modes");
    this.changed("capabilities");
  }

  async #changeMode(mode: WantedMode, signal: AbortSignal): Promise<void> {
    await this.#mode.set(mode, signal);
    this.#warn(await this.#controls.apply()); // some drivers forget them
  }

  async #setMode(words: string, signal?: AbortSignal): Promise<void> {
    const change = async () => this.#noteAway(await this.#device.setMode(words, signal));
    await (this.mjpeg_stream.source.state === "streaming"
      ? this.#whileStreaming(change)
      : change());
  }

  /** Who watches may leave meanwhile: the stream goes on until it is done. */
  async #whileStreaming<T>(work: () => Promise<T>): Promise<T> {
    const release = this.mjpeg_stream.demand.take();
    try {
      return await work();
    } finally {
      release();
    }
  }

  #noteAway(awayMs: number | undefined): void {
    if (awayMs === undefined) return;
    this.#awayMs = Math.round(awayMs * 10) / 10;
    this.changed("picture_away_ms");
  }

  #lose({ code, message }: ThingError): void {
    const state = code === "DISCONNECTED" ? "disconnected" : "failed";
    this.mjpeg_stream.source.loses(state, message);
    this.changed("capabilities");
  }
}
