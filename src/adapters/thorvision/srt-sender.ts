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
  /** What SRT may take to send lost packets again, ms; the larger of both sides' holds. */
  readonly latencyMs: number;
  readonly maxMBps: number;
  readonly variant: VariantOptions;
  readonly log: Log;
}

/** GStreamer's elements that are needed. */
export const SENDER_ELEMENTS = ["fdsrc", "srtsink"] as const;

const BIND_MS = 4000; // clients wait 5 s for their answer
const HUNG_MS = 5000;
/** What a read takes at most: 49 whole SRT messages of 1316 bytes. Less than a message travels only at a frame's end. */
const READ_BYTES = 49 * 1316;

/**
 * Sends a camera's frames to whoever calls its UDP port by SRT: JPEG files one behind the other, without a container, as
 * ThorVision's clients expect them. A GStreamer child speaks SRT; it is started again when it ends, and killed when it hangs.
 */
export class SrtSender {
  readonly camera: ServedCamera;
  readonly #options: SenderOptions;
  readonly #gate: FrameGate;
  readonly #process: SupervisedProcess;
  readonly #callers = new Set<string>();
  readonly #over = new AbortController();
  /** What is worth telling of the child's words, a few lines a second at most. */
  readonly #told: LineTail;
  #child: Child | undefined;
  #unfollow: () => void = () => {};
  #frames = 0;
  #bytes = 0;
  #lonelySince = performance.now();

  constructor(camera: ServedCamera, options: SenderOptions) {
    this.camera = camera;
    this.#options = options;
    this.#gate = new FrameGate(options.maxMBps);
    this.#told = new LineTail(options.log, "gst-launch-1.0");
    this.#process = new SupervisedProcess(command(options), {
      outputs: [],
      input: true,
      // Who called and who was dropped is in its debug output only.
      env: { ...process.env, GST_DEBUG: "srtobject:5", GST_DEBUG_NO_COLOR: "1" },
      onErrorLine: (line) => this.#hear(line),
      onStart: (child) => this.#begin(child),
      explain: (exit, lines) => explain(options.port, exit, lines),
      silence: "took no frame",
      stallMs: Number.POSITIVE_INFINITY, // a camera may be silent
      log: withoutDebug(options.log),
    });
  }

  /** What it has done: frames the child has taken, whole; callers now. What SRT itself discards is not in it. */
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

  /** How long nobody has called, ms. */
  get lonelyMs(): number {
    return this.#callers.size > 0 ? 0 : performance.now() - this.#lonelySince;
  }

  /**
   * Resolves when its UDP port is there.
   * @throws {ThingError} `SOURCE_FAILED` when that does not come about within 4 s, with the child's last words.
   */
  async start(): Promise<void> {
    this.#process.start();
    try {
      await withDeadline(BIND_MS, this.#over.signal, (signal) => this.#running(signal));
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
    this.#over.abort();
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
    const over = new AbortController();
    void child.ended.then(() => {
      over.abort();
      if (this.#child === child) this.#child = undefined;
    });
    untilUdpPortBound(port, AbortSignal.any([over.signal, this.#over.signal])).then(
      () => {
        this.#child = child;
        this.#process.heartbeat();
        log.info(`Port ${port} is open for SRT, by process ${child.pid}.`);
      },
      (error) => isAbort(error) || log.error(messageOf(error)),
    );
  }

  /** Frames as they come; those of the camera itself are only borrowed. */
  #follow(): () => void {
    const stream = this.camera.thing.mjpeg_stream;
    const feed = stream.variant(this.#options.variant);
    const letGo = feed.demand.take();
    const unfollow =
      feed === stream
        ? stream.follow((stored) => this.#send(stored.lend(), () => stored.release()))
        : feed.onFrame((frame) => this.#send(frame, () => {}));
    return () => {
      unfollow();
      letGo();
    };
  }

  /** In the camera's own tick: it hands over, or drops, and waits for nothing. */
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
  #hear(line: string): void {
    const [, what, caller = "", why = ""] =
      /(Accept to connect|Dropping caller) (\d+)(.*)/.exec(line) ?? [];
    if (what === "Accept to connect") {
      this.#callers.add(caller);
      this.#tell(`Caller ${caller} is connected; ${this.#callers.size} are now.`);
    } else if (what) {
      if (this.#callers.delete(caller)) this.#lonelySince = performance.now();
      this.#tell(`Caller ${caller} has gone${why}; ${this.#callers.size} are connected.`);
    } else if (!isDebug(line)) this.#tell(line);
  }

  #tell(sentence: string): void {
    this.#told.push(`${sentence}\n`);
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
  const words = lines.filter((line) => !isDebug(line) && !line.includes("Dropping caller"));
  return `SRT on port ${port}: ${endSentence("gst-launch-1.0", exit, words)}`;
}

function isDebug(line: string): boolean {
  return / DEBUG +srtobject /.test(line);
}

/** The child's lines are told by `#hear`. */
function withoutDebug(log: Log): Log {
  return logTo((level, message) => level !== "debug" && log[level](message));
}
