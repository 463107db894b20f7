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
import { asThingError, deviceFailure, muteDevice, notOpen, stillOpening } from "./trouble.ts";

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
  /** These controls have other values or limits than before. */
  readonly onControls?: (controls: readonly V4l2Control[]) => void;
  /** It was described anew, as after a change of its mode. */
  readonly onDescribed?: (description: V4l2Description) => void;
  /** It is not there any more, or its program failed. */
  readonly onLost?: (reason: ThingError) => void;
  /** How long a control may take to be read or set, ms; 5000. */
  readonly controlMs?: number;
  readonly log?: Log | undefined;
}

/** Limits of commands, ms. The program itself waits 10 s for a frame in another mode. */
const WITHIN = { start: 10_000, pause: 1000, mode: 15_000, still: 25_000 };
const CONTROL_MS = 5000;
const PAUSES = { firstMs: 250, longestMs: 2000 };
const START_MS = 10_000;
const END_MS = 3000;
/** A program that fails sooner again is in the same trouble, ms. */
const GOOD_AFTER_MS = 5000;
const BETWEEN_MS = 250;

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
  /** How often its source has changed since the description that is being asked for. */
  #sourceChanges = 0;
  /** Whether it is open, and `onOpen` is done. */
  #isReady = false;
  #reason = notOpen();
  readonly #waiting = new Set<() => void>();

  constructor(options: V4l2DeviceOptions) {
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.#controlMs = options.controlMs ?? CONTROL_MS;
    this.#supervisor = new Supervisor((attempt) => this.#live(attempt), {
      ...{ startMs: START_MS, endMs: END_MS, pauses: PAUSES, betweenMs: BETWEEN_MS },
      ...{ goodAfterMs: GOOD_AFTER_MS, isBackground: true },
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
    this.#settleWaiting();
  }

  /** Something has changed, such as the nodes in /dev: a device that was not there is looked for at once. */
  lookAgain(): void {
    this.#supervisor.retry();
  }

  /** Resolves once it was opened, or rejects with the reason of the next failure. */
  async ready(signal?: AbortSignal): Promise<void> {
    this.lookAgain();
    if (this.#isReady) return;
    let onSettled: () => void = () => {};
    const settled = new Promise<void>((resolve) => {
      onSettled = resolve;
      this.#waiting.add(onSettled);
    });
    await abortable(settled, signal).finally(() => this.#waiting.delete(onSettled));
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
    const answer = await this.#connection!.ask(words, { withinMs, signal });
    this.#tellControls(this.#known?.noteValues(answer)); // also of a refusal: some may have been set
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
      void (attempt.isSilent ? connection.kill(muteDevice(node, START_MS)) : connection.stop());
    attempt.signal.addEventListener("abort", stop);
    const reason = await connection.ended;
    if (this.#connection === connection) this.#connection = undefined;
    this.#isReady = false;
    throw reason;
  }

  #take(message: V4l2Message, connection: V4l2Connection, attempt: Attempt): void {
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

  /** Its modes may be others now. A driver may say so at any rate: one description is asked for, and one more after it. */
  #describeAgain(): void {
    if (++this.#sourceChanges > 1) return;
    const again = () => {
      const hasChanged = this.#sourceChanges > 1;
      this.#sourceChanges = 0;
      if (hasChanged) this.#describeAgain();
    };
    this.#command("describe", this.#controlMs).then(again, again); // without frames it is opened again anyway
  }

  async #becomeReady(device: V4l2Description, connection: V4l2Connection): Promise<void> {
    try {
      await this.#options.onOpen?.(device);
    } catch (error) {
      this.#log.warn(`The camera's settings could not all be set again: ${reasonOf(error)}.`);
    }
    if (this.#connection !== connection) return;
    this.#isReady = true;
    this.#settleWaiting();
    this.#options.onReady?.();
  }

  #tellControls(controls: readonly V4l2Control[] = []): void {
    if (controls.length > 0) this.#options.onControls?.(controls);
  }

  #fail(reason: ThingError): void {
    this.#isReady = false;
    this.#reason = reason;
    this.#settleWaiting();
    this.#options.onLost?.(reason);
  }

  #settleWaiting(): void {
    for (const onSettled of [...this.#waiting]) onSettled();
  }
}
