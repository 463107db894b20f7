import { EventEmitter, on } from "node:events";
import { silentLog } from "../../src/base/log.ts";
import { packagePath } from "../../src/base/package-root.ts";
import { V4l2Connection } from "../../src/sources/v4l2/connection.ts";
import type { V4l2FrameInfo } from "../../src/sources/v4l2/frame-head.ts";
import type {
  V4l2Answer,
  V4l2Control,
  V4l2Description,
  V4l2Message,
} from "../../src/sources/v4l2/messages.ts";
import { patience, WAIT_MS } from "../limits.ts";

export const PROGRAM = packagePath("native", "v4l2-camera", "build", "Release", "v4l2-camera");

export interface ProgramFrame {
  readonly info: V4l2FrameInfo;
  readonly bytes: Uint8Array;
}

interface Events {
  frame: [ProgramFrame];
  message: [V4l2Message];
}

/** One run of the V4L2 camera program, for tests of it: its commands, and all that it sends. */
export class CameraProgram extends EventEmitter<Events> implements AsyncDisposable {
  readonly #connection: V4l2Connection;
  readonly messages: V4l2Message[] = [];
  device: V4l2Description | undefined;

  private constructor(node: string, options: readonly string[]) {
    super();
    const args = ["stream", node, ...options];
    const taker = {
      message: (message: V4l2Message) => this.#take(message),
      memoryFor: (_: V4l2FrameInfo, bytes: number) => new Uint8Array(bytes),
      frame: (info: V4l2FrameInfo, bytes: Uint8Array) => void this.emit("frame", { info, bytes }),
    };
    this.#connection = new V4l2Connection({ program: PROGRAM, args }, node, taker, silentLog);
  }

  /** Resolves when it has described the device. Rejects with its reason when it could not open it. */
  static async start(node: string, ...options: readonly string[]): Promise<CameraProgram> {
    const program = new CameraProgram(node, options);
    const described = program.message(({ type }) => type === "device");
    const ended = program.ended.then((reason) => Promise.reject(reason));
    ended.catch(() => {}); // how it ends later is told to whoever asks
    await Promise.race([described, ended]);
    return program;
  }

  /** Resolves with why it ended. */
  get ended(): Promise<Error> {
    return this.#connection.ended;
  }

  get pid(): number {
    return this.#connection.pid!;
  }

  /** The next `count` frames. */
  async frames(count: number): Promise<ProgramFrame[]> {
    const frames: ProgramFrame[] = [];
    for await (const [frame] of on(this, "frame", { signal: patience() })) {
      if (frames.push(frame) === count) break;
    }
    return frames;
  }

  /** The next message that `is` wanted. */
  async message(is: (message: V4l2Message) => boolean): Promise<V4l2Message> {
    // Several may come at once, which a listener for one of them would miss.
    for await (const [message] of on(this, "message", { signal: patience() })) {
      if (is(message)) return message;
    }
    throw new Error("The messages have ended.");
  }

  /** A refusal is an answer. */
  ask(words: string): Promise<V4l2Answer> {
    return this.#connection.ask(words, { withinMs: WAIT_MS });
  }

  /** The control of that name in the newest description. */
  control(name: string): V4l2Control {
    const control = this.device?.controls.find((one) => one.name === name);
    if (!control) throw new Error(`There is no control '${name}'.`);
    return control;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.stop();
  }

  #take(message: V4l2Message): void {
    if (message.type === "device") this.device = message.device;
    this.messages.push(message);
    this.emit("message", message);
  }
}
