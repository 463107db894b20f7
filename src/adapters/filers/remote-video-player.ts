import { connect, type Socket } from "node:net";
import { messageOf, reasonOf, ThingError } from "../../base/errors.ts";
import type { PlanarPicture } from "../../frames/pixels/from-planes.ts";
import { type MessageParts, MessageReader, messageBytes } from "./framing.ts";
import { messageText, parseImage, parseMessage } from "./messages.ts";

/** A picture as received. Its planes are views of memory that nothing else uses. */
export interface FilersImage extends PlanarPicture {
  /** Width and height. */
  readonly size: readonly [number, number];
}

/** A server's metadata of a picture. */
export interface FilersMetadata {
  /** Capture time, seconds of the server's clock, whose epoch only the server knows. */
  readonly t?: number;
  readonly [name: string]: unknown;
}

/** Where the server is, and limits. */
export interface RemoteVideoPlayerOptions {
  /** Name or address; only IPv4 is tried, as Filers listens there. */
  readonly server: string;
  readonly port: number;
  /** Seconds. Accepted so that scripts need not change; it has no effect, since nothing here polls. */
  readonly timeout?: number;
  /** How long a message that has begun may stall, ms. Default 10,000. */
  readonly stallMs?: number;
  /** The largest picture that is accepted, bytes. Default 64 MiB. */
  readonly maxImageBytes?: number;
}

const CONNECT_WITHIN_MS = 2000;
const STALL_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;
const MOST_TEXT = 64 * 1024;
const MOST_BINARY = 64 * 2 ** 20;

/**
 * A client of Filers' network recorder, like Filers' own `RemoteVideoPlayer`: extend it and handle the pictures. Methods are
 * called as soon as something arrives; there is nothing to poll.
 *
 * A promise that `processImage` returns is awaited: TCP flow control tells the server that this client is busy, and the
 * server skips pictures for it. Nothing queues.
 */
export abstract class RemoteVideoPlayer {
  readonly server: string;
  readonly port: number;
  readonly timeout: number;
  readonly #maxImageBytes: number;
  readonly #stallMs: number;
  #socket: Socket | undefined;
  #closed: Promise<void> = Promise.resolve();

  constructor({
    server,
    port,
    timeout = 0.01,
    stallMs = STALL_MS,
    maxImageBytes = MOST_BINARY,
  }: RemoteVideoPlayerOptions) {
    this.server = server;
    this.port = port;
    this.timeout = timeout;
    this.#maxImageBytes = maxImageBytes;
    this.#stallMs = stallMs;
  }

  /**
   * Called when something went wrong.
   * @param message - One sentence.
   * @param trace - The stack, or what the server sent for it.
   * @param fromThread - True when the connection failed and has ended; false when the server reports an error.
   */
  abstract processException(message: string, trace: string, fromThread: boolean): void;

  /** Called when the server starts and stops sending pictures. After a stop, `play` must be called again. */
  abstract processRecordingState(isRecording: boolean): void;

  /** Called with each picture. */
  abstract processImage(image: FilersImage, metadata: FilersMetadata): void | Promise<void>;

  /** Connects; if that fails, `processException` is called. Has no effect while it is connected. */
  startListener(): void {
    if (this.#socket) return;
    const socket = connect({ host: this.server, port: this.port, family: 4 });
    this.#socket = socket;
    this.#closed = new Promise((resolve) => socket.once("close", () => resolve()));
    const reader = new MessageReader({ text: MOST_TEXT, binary: this.#maxImageBytes });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setTimeout(CONNECT_WITHIN_MS);
    socket.on("timeout", () => this.#fail(socket, new Error("timed out")));
    socket.once("connect", () => socket.setTimeout(0));
    socket.on("data", (chunk) => {
      this.#read(socket, reader.messages(chunk));
      // A message that has begun must continue; between messages a server may be silent for days.
      const limit = reader.isInside && !socket.isPaused() ? this.#stallMs : 0;
      if (socket.timeout !== limit) socket.setTimeout(limit);
    });
    socket.on("error", (error) => this.#fail(socket, error));
    socket.on("end", () => this.#fail(socket, new Error("Remote client was closed")));
  }

  /** Stops the pictures and ends the connection. Resolves when it has ended. */
  async stopListener(): Promise<void> {
    const socket = this.#socket;
    this.stop();
    this.#socket = undefined;
    socket?.end();
    socket?.resume();
    socket?.setTimeout(CONNECT_WITHIN_MS);
    await this.#closed;
  }

  /** Asks for pictures, which arrive once the server records to the network. */
  play(): void {
    this.#send("started_playing");
  }

  /** Asks for no more pictures. */
  stop(): void {
    this.#send("stopped_playing");
  }

  #send(name: string): void {
    if (this.#socket?.writable) this.#socket.write(messageBytes(messageText(name, null)));
  }

  /** Handles one message after the other. Nothing is read while a picture is processed. */
  #read(socket: Socket, messages: Iterator<MessageParts>): void {
    try {
      for (let next = messages.next(); !next.done; next = messages.next()) {
        const work = this.#socket === socket ? this.#take(next.value) : undefined;
        if (!work) continue;
        socket.pause();
        work.then(
          () => this.#read(socket, messages),
          (error) => this.#fail(socket, error),
        );
        return;
      }
      if (socket.isPaused()) socket.resume();
    } catch (error) {
      this.#fail(socket, error);
    }
  }

  #take({ text, binary }: MessageParts): Promise<void> | undefined {
    const { name, value } = parseMessage(text);
    if (name === "image") return this.#takeImage(value, binary);
    if (name === "started_recording") this.processRecordingState(true);
    else if (name === "stopped_recording") this.processRecordingState(false);
    else if (name === "exception") {
      const [message, trace] = Array.isArray(value) ? value : [value];
      this.processException(String(message), String(trace ?? ""), false);
    }
    return undefined;
  }

  #takeImage(value: unknown, binary: Buffer): Promise<void> | undefined {
    const head = parseImage(value, binary.length);
    const { planeSizes, pixelFormat, width, height, lineSizes, metadata } = head;
    let begin = 0;
    const planes = planeSizes.map((bytes) => {
      begin += bytes;
      return binary.subarray(begin - bytes, begin);
    });
    const image = { planes, pixelFormat, width, height, lineSizes, size: [width, height] as const };
    return this.processImage(image, metadata) ?? undefined;
  }

  /** Reports once that the connection has ended, and why. */
  #fail(socket: Socket, error: unknown): void {
    socket.destroy();
    if (this.#socket !== socket) return; // stopped, or reported already
    this.#socket = undefined;
    const sentence = `The connection to the Filers server ${this.server}:${this.port} was lost: ${reasonOf(error)}.`;
    const stack = error instanceof Error ? (error.stack ?? "") : "";
    this.processException(error instanceof ThingError ? messageOf(error) : sentence, stack, true);
  }
}
