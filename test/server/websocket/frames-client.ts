import { once } from "node:events";
import type { TestContext } from "node:test";
import { type ClientOptions, WebSocket } from "ws";
import { patience } from "../../limits.ts";

/** A frame as it came over `/frames`. */
export interface CameFrame {
  readonly id: number;
  readonly run: string;
  readonly index: number;
  readonly capturedAt: number;
  readonly width: number;
  readonly height: number;
  readonly size: number;
  readonly full?: readonly [number, number];
  readonly jpeg: Buffer;
}

type Message = Record<string, unknown>;

/** A client of `/frames` that does what its test says: it acknowledges nothing by itself. */
export class FramesClient {
  readonly socket: WebSocket;
  readonly #messages: (Message | CameFrame)[] = [];
  #wake = () => {};

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer, isBinary) => {
      this.#messages.push(isBinary ? frameIn(data) : JSON.parse(String(data)));
      this.#wake();
    });
    socket.on("close", () => this.#wake());
  }

  say(message: unknown): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  subscribe(id: number, stream: string, options: object = {}): void {
    this.say({ subscribe: id, stream, ...options });
  }

  taken(...ids: number[]): void {
    this.socket.send(Buffer.from(Uint32Array.from(ids).buffer));
  }

  /** The next frame, whatever is told before it. */
  frame(): Promise<CameFrame> {
    return this.#next((message): message is CameFrame => "jpeg" in message);
  }

  status(id: number, state: string): Promise<Message> {
    return this.#next(
      (message): message is Message =>
        message.id === id && Object(Object(message).status).state === state,
    );
  }

  async problem(): Promise<{ id: unknown; code: string; status: number; detail: string }> {
    const { id, problem } = Object(
      await this.#next((message): message is Message => "problem" in message),
    );
    return { id, ...problem };
  }

  heartbeat(): Promise<Message> {
    return this.#next((message): message is Message => "now" in message && !("version" in message));
  }

  /** How many frames have come that nobody has looked at. */
  get waiting(): number {
    return this.#messages.filter((message) => "jpeg" in message).length;
  }

  async #next<T>(
    is: (message: Message | CameFrame) => message is T & (Message | CameFrame),
  ): Promise<T> {
    const signal = patience();
    signal.addEventListener("abort", () => this.#wake());
    for (;;) {
      const at = this.#messages.findIndex(is);
      if (at >= 0) return this.#messages.splice(at, 1)[0] as T;
      signal.throwIfAborted();
      if (this.socket.readyState > this.socket.OPEN) throw new Error("The server has closed it.");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** @param url - Of the server, with its prefix. */
export async function framesClient(
  t: TestContext,
  url: string,
  options: ClientOptions = {},
): Promise<FramesClient> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/frames`, options);
  t.after(() => socket.terminate());
  const client = new FramesClient(socket); // before it is open: the first message may come with the handshake
  await once(socket, "open", { signal: patience() });
  return client;
}

function frameIn(data: Buffer): CameFrame {
  const end = 4 + data.readUInt32LE(0);
  return { ...JSON.parse(data.toString("utf8", 4, end)), jpeg: data.subarray(end) };
}
