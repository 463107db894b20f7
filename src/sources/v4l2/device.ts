import { abortable } from "../../base/abort.ts";
import type { Attempt } from "../../base/attempt.ts";
import { reasonOf, ThingError } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import { Supervisor } from "../../base/supervise.ts";
import type { FrameSink, RunningSource } from "../../frames/frame-source.ts";
import type { Command } from "../../processes/child.ts";
import { accepted, V4l2Connection } from "./connection.ts";
import { DeviceFrames, type V4l2Still } from "./device-frames.ts";
import { KnownDevice } from "./known-device.ts";
import type { V4l2Answer, V4l2Control, V4l2Description, V4l2Message } from "./messages.ts";
import { onceMore } from "./once-more.ts";
import {
  asThingError,
  busyRefusal,
  deviceFailure,
  KEPT_BY_DRIVER,
  muteDevice,
  notOpen,
  stillOpening,
} from "./trouble.ts";
import { Waiters } from "./waiters.ts";

/** How a device is found, and who is told of it. */
export interface V4l2DeviceOptions {
  /** The device's node, e.g. `/dev/video0`. @throws {ThingError} `DISCONNECTED`, with what to do, where it is not there. */
  readonly find: () => string | Promise<string>;
  /** The program that opens a node. */
  readonly command: (node: string) => Command | Promise<Command>;
  /** The device is there, and was described: before anything else is done with it. What it throws is logged. */
  readonly onOpen?: (description: V4l2Description) => Promise<void>;
  /** `onOpen` is done, and it can stream. */
  readonly onReady?: () => void;
  /** It streams, in the mode that it is described with; no other program can change that now. */
  readonly onStreaming?: (signal: AbortSignal) => Promise<void>;
  /** These controls have other values or limits than before. */
  readonly onControls?: (controls: readonly V4l2Control[]) => void;
  /** It was described anew, as after a change of its mode. */
  readonly onDescribed?: (description: V4l2Description) => void;
  /** It is not there any more, or its program failed. */
  readonly onLost?: (reason: ThingError) => void;
  /** How long a control may take to be read or set, ms; 5000. */
  readonly controlMs?: number;
  /** How long it may take to be opened and described, ms; 30,000. */
  readonly startMs?: number;
  readonly log?: Log | undefined;
}

/** Limits of commands, ms. The program itself waits 10 s for a frame in another mode. */
const WITHIN = { start: 10_000, pause: 1000, mode: 15_000, still: 25_000 };
const CONTROL_MS = 5000;
/** Drivers wait 5 s for a request that a camera does not answer; a few of those must not keep it from being opened. */
const START_MS = 30_000;
/** A program that fails sooner again than `goodAfterMs` is in the same trouble. */
const LIFE = {
  ...{ endMs: 3000, pauses: { firstMs: 250, longestMs: 2000 }, betweenMs: 250 },
  ...{ goodAfterMs: 5000, isBackground: true },
};

/**
 * One camera of V4L2, by way of a program of its own: it runs from `open` to `close` while the device is there, with the device
 * open and streaming only while `run` does, and is started again when it ends or hangs.
 */
export class V4l2Device implements RunningSource {
  readonly #options: V4l2DeviceOptions;
  readonly #log: Log;
  readonly #supervisor: Supervisor;
  readonly #controlMs: number;
  readonly #frames = new DeviceFrames();
  #connection: V4l2Connection | undefined;
  #known: KnownDevice | undefined;
  /** The connection that the device was described by last. */
  #described: V4l2Connection | undefined;
  /** Its modes may be others now: a driver may say so at any rate. Without frames it is opened again anyway. */
  readonly #describeAgain = onceMore(() => this.#command("describe", this.#controlMs));
  /** Whether it is open, and `onOpen` is done. */
  #isReady = false;
  #reason = notOpen();
  readonly #waiters = new Waiters();

  constructor(options: V4l2DeviceOptions) {
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.#controlMs = options.controlMs ?? CONTROL_MS;
    this.#supervisor = new Supervisor((attempt) => this.#live(attempt), {
      ...LIFE,
      startMs: options.startMs ?? START_MS,
      silence: () => muteDevice(this.#connection?.device),
      onStuck: () => this.#log.error(KEPT_BY_DRIVER),
      onFailure: ({ error }) => this.#fail(asThingError(error)),
    });
  }

  /** What the program says of the device: of the last time, where it is not there any more. */
  get description(): V4l2Description | undefined {
    return this.#known?.description;
  }

  /** Whether commands can be sent. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** @throws {ThingError} `DISCONNECTED` or `SOURCE_FAILED` with the reason, unless it is open. */
  assertReady(): void {
    if (!this.#connection) throw this.#reason;
    if (this.#described !== this.#connection) throw stillOpening();
  }

  /** The process id of its program. */
  get pid(): number | undefined {
    return this.#connection?.pid;
  }

  /** Pictures that the driver flagged as damaged, and others that did not become frames, since it was made. */
  get counts(): Readonly<DeviceFrames["counts"]> {
    return this.#frames.counts;
  }

  open(): void {
    this.#supervisor.start();
  }

  /** Resolves when its program has ended. */
  async close(): Promise<void> {
    await this.#supervisor.close();
    this.#reason = notOpen();
    this.#waiters.release();
  }

  /** Something has changed, such as the nodes in /dev: a device that was not there is looked for at once. */
  lookAgain(): void {
    this.#supervisor.retry();
  }

  /** Resolves once it was opened, or rejects with the reason of the next failure. */
  async ready(signal?: AbortSignal): Promise<void> {
    this.lookAgain();
    if (this.#isReady) return;
    await this.#waiters.wait(signal);
    if (!this.#isReady) throw this.#reason;
  }

  /** Streams until `signal` aborts. @throws {ThingError} `DISCONNECTED`, `SOURCE_FAILED` with the reason. */
  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    try {
      await this.ready(signal);
      const connection = this.#open;
      const leave = this.#frames.into(sink);
      try {
        const { error } = await connection.ask("start", { withinMs: WITHIN.start, signal });
        if (error) throw await deviceFailure(error, connection.device, connection.pid);
        await this.#options.onStreaming?.(signal);
        throw await abortable(connection.ended, signal);
      } finally {
        leave();
        await this.#pause(connection, sink);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Reads controls anew, as those whose changes the driver does not report. */
  async read(ids: readonly number[], signal?: AbortSignal): Promise<void> {
    if (ids.length > 0) await this.#command(`get ${ids.join(" ")}`, this.#controlMs, signal);
  }

  /**
   * Sets controls in one ioctl, at most 64, and knows what they and those that depend on them have become when it resolves.
   * @param values - As the program takes them. @throws {ThingError} The device's refusal, of one of them: others may have been set.
   */
  async set(values: ReadonlyMap<V4l2Control, string>, signal?: AbortSignal): Promise<void> {
    const words = [...values].map(([{ id }, value]) => `${id}=${value}`);
    await this.#command(`set ${words.join(" ")}`, this.#controlMs, signal);
    const flags = [...values.keys()].flatMap((control) => control.flags);
    if (flags.includes("update") || flags.includes("modify-layout"))
      await this.#command("describe", this.#controlMs, signal);
  }

  /** @param words - `FOURCC WxH [N/D]`. @returns How long the picture was away, ms; undefined where nothing was streaming. */
  async setMode(words: string, signal?: AbortSignal): Promise<number | undefined> {
    const resume = this.#frames.expectGap();
    try {
      const { away_ms } = await this.#command(`mode ${words}`, WITHIN.mode, signal);
      return away_ms ?? undefined;
    } finally {
      resume();
    }
  }

  /** One picture of that format and size. @param words - `FOURCC WxH`. */
  async still(
    words: string,
    signal?: AbortSignal,
  ): Promise<V4l2Still & { readonly awayMs: number | undefined }> {
    const resume = this.#frames.expectGap();
    const coming = this.#frames.nextStill();
    try {
      const { away_ms } = await this.#command(`still ${words}`, WITHIN.still, signal);
      return { ...(await coming.picture()), awayMs: away_ms ?? undefined };
    } finally {
      coming.forget();
      resume();
    }
  }

  get #open(): V4l2Connection {
    if (!this.#connection || !this.#isReady) throw this.#reason;
    return this.#connection;
  }

  async #command(words: string, withinMs: number, signal?: AbortSignal): Promise<V4l2Answer> {
    this.assertReady(); // not `isReady`: `onOpen` sends some
    const connection = this.#connection!;
    const answer = await connection.ask(words, { withinMs, signal });
    this.#tellControls(this.#known?.noteValues(answer)); // also of a refusal: some may have been set
    if (answer.error?.errno === "EBUSY")
      throw await busyRefusal(answer.error, connection.device, connection.pid);
    return accepted(answer);
  }

  async #pause(connection: V4l2Connection, { isSilent }: FrameSink): Promise<void> {
    if (isSilent) {
      connection.kill(
        new ThingError("SOURCE_FAILED", "The camera gave no frames and was reopened."),
      );
      await connection.ended;
      return;
    }
    await connection.command("pause", { withinMs: WITHIN.pause }).catch(() => {}); // it has ended, or is ended
  }

  /** One life of the program. */
  async #live(attempt: Attempt): Promise<void> {
    const node = await this.#options.find();
    const command = await this.#options.command(node);
    attempt.signal.throwIfAborted();
    const connection = new V4l2Connection(
      command,
      node,
      {
        message: (message) => this.#take(message, connection, attempt),
        memoryFor: (info, bytes) => this.#frames.memoryFor(info, bytes),
        frame: (info, payload) => this.#frames.frame(info, payload),
      },
      this.#log,
    );
    this.#connection = connection;
    const stop = () =>
      void (attempt.isSilent ? connection.kill(muteDevice(node)) : connection.stop());
    attempt.signal.addEventListener("abort", stop);
    void connection.killed.then((reason) => attempt.fail(reason)); // it may be kept by its driver
    const reason = await connection.ended;
    if (this.#connection === connection) [this.#connection, this.#isReady] = [undefined, false];
    throw reason;
  }

  #take(message: V4l2Message, connection: V4l2Connection, attempt: Attempt): void {
    if (this.#connection !== connection) return; // another one has taken its place
    if (message.type === "device") {
      const isFirst = this.#described !== connection;
      this.#described = connection;
      this.#known = new KnownDevice(message.device);
      attempt.heartbeat();
      if (isFirst) void this.#becomeReady(message.device, connection);
      else this.#options.onDescribed?.(message.device);
    } else if (message.type === "control") {
      this.#tellControls(this.#known?.noteChange(message.change));
    } else if (message.type === "source") this.#describeAgain();
    else if (message.type === "error" && !message.trouble.fatal) {
      const { ioctl, errno, message: words } = message.trouble;
      this.#log.warn(`The camera's driver had a fault: ${errno} ${ioctl}: ${words}`);
    }
  }

  async #becomeReady(device: V4l2Description, connection: V4l2Connection): Promise<void> {
    try {
      await this.#options.onOpen?.(device);
    } catch (error) {
      this.#log.warn(`The camera's settings could not all be set again: ${reasonOf(error)}.`);
    }
    if (this.#connection !== connection) return;
    this.#isReady = true;
    this.#waiters.release();
    this.#options.onReady?.();
  }

  #tellControls(controls: readonly V4l2Control[] = []): void {
    if (controls.length > 0) this.#options.onControls?.(controls);
  }

  #fail(reason: ThingError): void {
    this.#connection = undefined;
    this.#isReady = false;
    this.#reason = reason;
    this.#waiters.release();
    this.#options.onLost?.(reason);
  }
}
