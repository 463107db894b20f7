import { isRecord } from "../base/values.ts";
import { RECONNECT_PAUSES } from "./reconnects.ts";

/** A picture of a stream, as it came over the WebSocket. */
export interface SocketFrame {
  readonly run: string;
  readonly index: number;
  /** End of exposure, epoch ms by the server's clock. */
  readonly capturedAt: number;
  /** Pixels of the picture that came, which may be smaller than the camera's. */
  readonly width: number;
  readonly height: number;
  /** Bytes of the JPEG. */
  readonly size: number;
  readonly jpeg: Uint8Array<ArrayBuffer>;
}

/** What a stream's source does, and why it gives no frames. */
export interface SocketStatus {
  readonly state: string;
  readonly reason?: string;
  /** RFC 3339. */
  readonly since?: string;
}

/** How a stream is followed. */
export interface FollowStream {
  /** Largest width, pixels. */
  readonly width?: number | undefined;
  /** JPEG quality, 1 to 100. */
  readonly quality?: number | undefined;
  /** Most frames a second. */
  readonly fps?: number | undefined;
  /** Takes a frame; the next one comes when what it returns has settled, and is the newest by then. */
  onFrame(frame: SocketFrame): void | Promise<void>;
  onStatus?(status: SocketStatus): void;
  /** Told why the server does not give this stream; it is asked again by itself. */
  onProblem?(sentence: string): void;
}

/** What all streams of a socket are told of. */
export interface SocketListener {
  /** The connection stands, or is lost. */
  onConnected?(isConnected: boolean): void;
  /** Which pages the server has now. */
  onVersion?(version: string): void;
}

interface Followed extends FollowStream {
  readonly stream: string;
}

/** The server says every second that it is there; after three of silence it is taken for gone. */
const SILENT_MS = 3000;
const ASK_AGAIN_MS = 2000;

/**
 * The live pictures of any number of streams over one WebSocket. Each stream has one frame under way at a time, so that a slow
 * reader gets fewer frames, but fresh ones. It connects again by itself until it is closed.
 */
export class FramesSocket {
  readonly #url: string;
  readonly #listener: SocketListener;
  readonly #followed = new Map<number, Followed>();
  #socket: WebSocket | undefined;
  #lastId = 0;
  #failures = 0;
  #heardAt = performance.now();
  #isClosed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #watch: ReturnType<typeof setInterval>;
  /** The server's clock less this computer's, ms, as the quickest message tells. */
  #offset = Number.NEGATIVE_INFINITY;

  /** @param url - Of the server's `/frames`, `ws:` or `wss:`. */
  constructor(url: string, listener: SocketListener = {}) {
    this.#url = url;
    this.#listener = listener;
    this.#watch = setInterval(() => this.#lookForSilence(), 500);
    this.#connect();
  }

  /** Now by the server's clock, epoch ms; by this computer's until the server has told. */
  get serverNow(): number {
    const own = performance.timeOrigin + performance.now();
    return own + (Number.isFinite(this.#offset) ? this.#offset : 0);
  }

  /**
   * Follows a stream until the function that is returned is called.
   * @param stream - Thing and stream, e.g. `camera/live`.
   */
  follow(stream: string, how: FollowStream): () => void {
    const id = ++this.#lastId;
    this.#followed.set(id, { ...how, stream });
    this.#ask(id);
    return () => {
      this.#followed.delete(id);
      this.#send(JSON.stringify({ unsubscribe: id }));
    };
  }

  /** Connects now, if it waits to. */
  retry(): void {
    if (!this.#socket) this.#connect();
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#watch);
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #connect(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    const socket = new WebSocket(this.#url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#heardAt = performance.now();
    socket.onopen = () => {
      this.#listener.onConnected?.(true);
      for (const id of this.#followed.keys()) this.#ask(id);
    };
    socket.onmessage = ({ data }) => {
      this.#heardAt = performance.now();
      this.#failures = 0;
      if (typeof data === "string") this.#hear(data);
      else this.#take(data);
    };
    socket.onclose = () => this.#lost(socket);
  }

  #lost(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    if (this.#isClosed) return;
    this.#listener.onConnected?.(false);
    const { firstMs, longestMs } = RECONNECT_PAUSES;
    const pause = Math.min(longestMs, firstMs * 2 ** this.#failures++);
    this.#timer = setTimeout(() => this.#connect(), pause);
  }

  /** A connection may be dead without a word: after sleep, or when a cable was pulled. */
  #lookForSilence(): void {
    const socket = this.#socket;
    if (!socket || performance.now() - this.#heardAt < SILENT_MS) return;
    socket.onclose = null;
    socket.close();
    this.#lost(socket);
  }

  #ask(id: number): void {
    const followed = this.#followed.get(id);
    if (!followed) return;
    const { stream, width, quality, fps } = followed;
    this.#send(JSON.stringify({ subscribe: id, stream, width, quality, fps }));
  }

  #send(message: string | Uint32Array<ArrayBuffer>): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(message);
  }

  #hear(text: string): void {
    const message: unknown = JSON.parse(text);
    if (!isRecord(message)) return;
    const { id, now, version, status, problem } = message;
    if (typeof now === "number") {
      const own = performance.timeOrigin + performance.now();
      this.#offset = Math.max(this.#offset, now - own);
    }
    if (typeof version === "string") this.#listener.onVersion?.(version);
    const followed = typeof id === "number" ? this.#followed.get(id) : undefined;
    if (!followed || typeof id !== "number") return;
    if (isRecord(status)) followed.onStatus?.(status as unknown as SocketStatus);
    if (isRecord(problem)) {
      followed.onProblem?.(String(problem.detail));
      setTimeout(() => this.#ask(id), ASK_AGAIN_MS);
    }
  }

  /** A frame: the length of its JSON in 32 bits, that, and the JPEG. */
  #take(data: ArrayBuffer): void {
    const length = new DataView(data).getUint32(0, true);
    const about = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
    const jpeg = new Uint8Array(data, 4 + length);
    const taken = () => this.#send(Uint32Array.of(about.id));
    const followed = this.#followed.get(about.id);
    if (!followed) return;
    void Promise.resolve(followed.onFrame({ ...about, jpeg })).then(taken, taken);
  }
}
