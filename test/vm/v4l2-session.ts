import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { Readable, Writable } from "node:stream";
import type { V4l2FrameInfo } from "../../src/sources/v4l2/frame-head.ts";
import { V4l2MessageReader } from "../../src/sources/v4l2/message-reader.ts";
import type { V4l2Answer, V4l2Description, V4l2Message } from "../../src/sources/v4l2/messages.ts";
import { WAIT_MS } from "../limits.ts";
import { builtV4l2Program } from "../native/program.ts";

export interface ReceivedFrame {
  readonly info: V4l2FrameInfo;
  readonly payload: Uint8Array;
}

type Of<K extends V4l2Message["type"]> = Extract<V4l2Message, { type: K }>;

/** The V4L2 program with one device, and what it has said that nobody has asked for yet. */
export class V4l2Session implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #messages: V4l2Message[] = [];
  readonly #frames: ReceivedFrame[] = [];
  readonly #changed = new EventTarget();
  readonly ended: Promise<number | null>;
  #commands = 0;

  constructor(node: string, ...options: readonly string[]) {
    this.#child = spawn(builtV4l2Program(), ["stream", node, ...options], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdin.on("error", () => {}); // it has ended
    const reader = new V4l2MessageReader({
      message: (message) => this.#messages.push(message),
      memoryFor: (_, bytes) => new Uint8Array(bytes),
      frame: (info, payload) => this.#frames.push({ info, payload }),
    });
    this.#child.stdout.on("data", (chunk: Buffer) => {
      reader.read(chunk);
      this.#changed.dispatchEvent(new Event("change"));
    });
    this.ended = once(this.#child, "close").then(([code]) => {
      this.#changed.dispatchEvent(new Event("change"));
      return code as number | null;
    });
  }

  /** The next message of a kind that `fits`; what came before it stays. */
  async next<K extends V4l2Message["type"]>(
    type: K,
    fits: (message: Of<K>) => boolean = () => true,
  ): Promise<Of<K>> {
    const isIt = (message: V4l2Message): message is Of<K> =>
      message.type === type && fits(message as Of<K>);
    return await this.#taken(this.#messages, isIt, `a message ${type}`);
  }

  async device(): Promise<V4l2Description> {
    return (await this.next("device")).device;
  }

  /** The next frame that `fits`; those before it are forgotten. */
  async frame(fits: (info: V4l2FrameInfo) => boolean = () => true): Promise<ReceivedFrame> {
    const isIt = (one: ReceivedFrame): one is ReceivedFrame => fits(one.info);
    return await this.#taken(this.#frames, isIt, "a frame", true);
  }

  async command(text: string): Promise<V4l2Answer> {
    const number = ++this.#commands;
    this.#child.stdin.write(`${number} ${text}\n`);
    return (await this.next("answer", ({ answer }) => answer.answer === number)).answer;
  }

  /** Resident memory of the process that is its own, in kB: without what is mapped of files and devices. */
  async ownMemory(): Promise<number> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, "utf8");
    return Number(/RssAnon:\s+(\d+)/.exec(status)?.[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    const hangs = setTimeout(() => this.#child.kill("SIGKILL"), WAIT_MS);
    await this.ended;
    clearTimeout(hangs);
  }

  async #taken<T, S extends T>(
    list: T[],
    isIt: (one: T) => one is S,
    what: string,
    forgets = false,
  ): Promise<S> {
    const signal = AbortSignal.timeout(WAIT_MS);
    for (;;) {
      const index = list.findIndex(isIt);
      if (index >= 0) {
        const found = list.splice(forgets ? 0 : index, forgets ? index + 1 : 1);
        return found.at(-1) as S;
      }
      await once(this.#changed, "change", { signal }).catch((cause: unknown) => {
        throw new Error(`Timed out after ${WAIT_MS} ms: ${what} did not come.`, { cause });
      });
    }
  }
}
