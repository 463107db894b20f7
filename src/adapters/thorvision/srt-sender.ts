import { delay, isAbort, withDeadline } from "../../base/abort.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import { type Log, logTo } from "../../base/log.ts";
import type { Frame } from "../../frames/frame.ts";
import type { Child, Exit } from "../../processes/child.ts";
import { LineTail } from "../../processes/line-tail.ts";
import { endSentence, SupervisedProcess } from "../../processes/supervised-process.ts";
import type { VariantOptions } from "../../streams/stream-request.ts";
import { FrameGate } from "./frame-gate.ts";
import { metadataHead, REPLACED_BYTES } from "./frame-metadata.ts";
import type { ServedCamera } from "./served-camera.ts";
import { untilUdpPortBound } from "./udp-ports.ts";

/** Where and how a camera's frames are sent. */
export interface SenderOptions {
  readonly host: string;
  readonly port: number;
  /** How long SRT may resend lost packets, ms; the larger value of both sides applies. */
  readonly latencyMs: number;
  readonly maxMBps: number;
  readonly variant: VariantOptions;
  readonly log: Log;
}

/** The GStreamer elements that are needed. */
export const SENDER_ELEMENTS = ["fdsrc", "srtsink"] as const;

const BIND_MS = 4000; // clients wait 5 s for their answer
const HUNG_MS = 5000;
/** The largest read: 49 whole SRT messages of 1316 bytes. Shorter messages are sent only at a frame's end. */
const READ_BYTES = 49 * 1316;

/**
 * Sends a camera's frames over SRT to all callers of its UDP port: concatenated JPEG files without a container, as ThorVision's
 * clients expect. A GStreamer child speaks SRT; it is restarted when it ends, and killed when it hangs.
 */
export class SrtSender {
  readonly camera: ServedCamera;
  readonly #options: SenderOptions;
  readonly #gate: FrameGate;
  readonly #process: SupervisedProcess;
  readonly #callers = new Set<string>();
  readonly #stopped = new AbortController();
  /** The child's relevant output, limited to a few lines a second. */
  readonly #output: LineTail;
  #child: Child | undefined;
  #unfollow: () => void = () => {};
  #frames = 0;
  #bytes = 0;
  #idleSince = performance.now();

  constructor(camera: ServedCamera, options: SenderOptions) {
    this.camera = camera;
    this.#options = options;
    this.#gate = new FrameGate(options.maxMBps);
    this.#output = new LineTail(options.log, "gst-launch-1.0");
    this.#process = new SupervisedProcess(command(options), {
      outputs: [],
      input: true,
      // Only its debug output names callers and dropped callers.
      env: { ...process.env, GST_DEBUG: "srtobject:5", GST_DEBUG_NO_COLOR: "1" },
      onErrorLine: (line) => this.#readLine(line),
      onStart: (child) => this.#begin(child),
      explain: (exit, lines) => explain(options.port, exit, lines),
      silence: "took no frame",
      stallMs: Number.POSITIVE_INFINITY, // a camera may be silent
      log: withoutDebug(options.log),
    });
  }

  /** Counters: whole frames that the child has read, and current callers. Frames that SRT discards are not counted. */
  get stats() {
    const { restarts } = this.#process.state;
    const dropped = { ...this.#gate.dropped };
    return {
      callers: this.#callers.size,
      frames: this.#frames,
      bytes: this.#bytes,
      dropped,
      restarts,
    };
  }

  /** The child's process id while it runs. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** How long there has been no caller, ms. */
  get idleMs(): number {
    return this.#callers.size > 0 ? 0 : performance.now() - this.#idleSince;
  }

  /**
   * Resolves when its UDP port is open.
   * @throws {ThingError} `SOURCE_FAILED` with the child's last output if that takes longer than 4 s.
   */
  async start(): Promise<void> {
    this.#process.start();
    try {
      await withDeadline(BIND_MS, this.#stopped.signal, (signal) => this.#running(signal));
    } catch (error) {
      await this.stop();
      if (!isAbort(error)) throw error;
      throw new ThingError(
        "SOURCE_FAILED",
        `Port ${this.#options.port} could not be opened for SRT within ${BIND_MS / 1000} s. Try again, or use another port.`,
        { cause: error },
      );
    }
    this.#unfollow = this.#follow();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#unfollow();
    this.#child = undefined;
    await this.#process.stop();
  }

  async #running(signal: AbortSignal): Promise<void> {
    while (this.#process.state.phase !== "running") {
      const { phase, reason } = this.#process.state;
      if (phase === "failed") throw new ThingError("SOURCE_FAILED", reason ?? "It failed.");
      await delay(2, signal);
    }
  }

  #begin(child: Child): void {
    this.#callers.clear();
    const { port, log } = this.#options;
    const ended = new AbortController();
    void child.ended.then(() => {
      ended.abort();
      if (this.#child === child) this.#child = undefined;
    });
    untilUdpPortBound(port, AbortSignal.any([ended.signal, this.#stopped.signal])).then(
      () => {
        this.#child = child;
        this.#process.heartbeat();
        log.info(`Port ${port} is open for SRT (process ${child.pid}).`);
      },
      (error) => isAbort(error) || log.error(messageOf(error)),
    );
  }

  /** Follows the variant's frames; frames of the camera's own stream are borrowed. */
  #follow(): () => void {
    const stream = this.camera.thing.mjpeg_stream;
    const feed = stream.variant(this.#options.variant);
    const release = feed.demand.take();
    const unfollow =
      feed === stream
        ? stream.follow((stored) => this.#send(stored.lend(), () => stored.release()))
        : feed.onFrame((frame) => this.#send(frame, () => {}));
    return () => {
      unfollow();
      release();
    };
  }

  /** Runs in the camera's own tick: sends or drops, and never waits. */
  #send(frame: Frame, done: () => void): void {
    const input = this.#child?.input;
    const at = performance.now();
    if (this.#gate.stalledFor(at) > HUNG_MS) this.#process.hung();
    if (!input?.writable) {
      this.#gate.dropped.not_running++;
      done();
    } else if (this.#gate.admits(frame.jpeg.length, at)) {
      input.cork();
      input.write(metadataHead(this.camera.metadataOf(frame)));
      input.write(frame.jpeg.subarray(REPLACED_BYTES), (error) => {
        done();
        this.#taken(frame.jpeg.length, error);
      });
      input.uncork();
    } else done();
  }

  #taken(bytes: number, error: Error | null | undefined): void {
    this.#gate.taken(performance.now());
    if (error) {
      this.#gate.dropped.not_running++;
      return;
    }
    this.#frames++;
    this.#bytes += bytes;
    this.#process.heartbeat();
  }

  /** @see gstsrtobject.c of gst-plugins-bad 1.22: thread_func, gst_srt_object_write_to_callers. */
  #readLine(line: string): void {
    const [, what, caller = "", why = ""] =
      /(Accept to connect|Dropping caller) (\d+)(.*)/.exec(line) ?? [];
    if (what === "Accept to connect") {
      this.#callers.add(caller);
      this.#logLine(`Caller ${caller} connected; ${this.#callers.size} connected now.`);
    } else if (what) {
      if (this.#callers.delete(caller)) this.#idleSince = performance.now();
      this.#logLine(`Caller ${caller} disconnected${why}; ${this.#callers.size} connected now.`);
    } else if (!isDebug(line)) this.#logLine(line);
  }

  #logLine(sentence: string): void {
    this.#output.push(`${sentence}\n`);
  }
}

function command({ host, port, latencyMs }: SenderOptions) {
  const address = host.includes(":") ? `[${host}]` : host;
  const args = [
    ...["-q", "fdsrc", "fd=0", `blocksize=${READ_BYTES}`, "!"],
    ...["srtsink", `uri=srt://${address}:${port}?mode=listener`, `latency=${latencyMs}`],
    ...["wait-for-connection=false", "sync=false", "async=false"],
  ];
  return { program: "gst-launch-1.0", args };
}

function explain(port: number, exit: Exit, lines: readonly string[]): string {
  const relevant = lines.filter((line) => !isDebug(line) && !line.includes("Dropping caller"));
  return `SRT on port ${port}: ${endSentence("gst-launch-1.0", exit, relevant)}`;
}

function isDebug(line: string): boolean {
  return / DEBUG +srtobject /.test(line);
}

/** The child's lines are logged by `#readLine`. */
function withoutDebug(log: Log): Log {
  return logTo((level, message) => level !== "debug" && log[level](message));
}
