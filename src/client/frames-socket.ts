import { isRecord } from "../base/values.ts";
import { RECONNECT_PAUSES } from "./reconnects.ts";
import { FramePieces, parsed, type SocketFrame } from "./socket-frames.ts";

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
  /** The connection stands, or is lost. */
  onConnected?(isConnected: boolean): void;
  /** The server is there and opens no WebSocket: what it answers over HTTP instead. It is asked again by itself. */
  onRefused?(refusal: Refusal): void;
}

/** Why a server opens no WebSocket. */
export interface Refusal {
  /** Of HTTP; 404 where it has none, 426 where it has too many, or what is between does not pass them on. */
  readonly status: number;
  /** One sentence. */
  readonly reason: string;
}

/** What all streams of a socket are told of. */
export interface SocketListener {
  /** Which pages the server has now. */
  onVersion?(version: string): void;
}

interface Followed extends FollowStream {
  readonly stream: string;
  /** Asks again for a stream that the server did not give. */
  again?: ReturnType<typeof setTimeout>;
}

const UNSAID = "The server does not give this stream, and does not say why.";
/** The server says every second that it is there; after three of silence it is taken for gone. */
const SILENT_MS = 3000;
const LOOK_MS = 500;
const ASK_AGAIN_MS = 2000;
/** Somebody looks at the page: it must not wait for long when the server is there again. */
const LONGEST_PAUSE_MS = 2000;
/** The server's clock was set back when it seems to be behind by so much, ms. */
const CLOCK_SET_MS = 10_000;

/**
 * The live pictures of any number of streams over one WebSocket. Each stream has one frame under way at a time, so that a slow
 * reader gets fewer frames, but fresh ones. It connects again by itself until it is closed.
 */
export class FramesSocket {
  readonly #url: string;
  readonly #listener: SocketListener;
  readonly #followed = new Map<number, Followed>();
  #pieces = new FramePieces();
  #socket: WebSocket | undefined;
  #lastId = 0;
  #failures = 0;
  #heardAt = performance.now();
  #lookedAt = performance.now();
  #isClosed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #watch: ReturnType<typeof setInterval>;
  /** The server's clock less this computer's, ms, as the quickest message tells. */
  #offset = Number.NEGATIVE_INFINITY;

  /** @param url - Of the server's `/frames`, `ws:` or `wss:`. */
  constructor(url: string, listener: SocketListener = {}) {
    this.#url = url;
    this.#listener = listener;
    this.#watch = setInterval(() => this.#lookForSilence(), LOOK_MS);
    this.#connect();
  }

  /** Now by the server's clock, epoch ms; by this computer's until the server has told. */
  get serverNow(): number {
    return ownNow() + (Number.isFinite(this.#offset) ? this.#offset : 0);
  }

  /** Whether it follows nothing. */
  get isIdle(): boolean {
    return this.#followed.size === 0;
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
      clearTimeout(this.#followed.get(id)?.again);
      this.#pieces.forget(id);
      if (this.#followed.delete(id)) this.#send(JSON.stringify({ unsubscribe: id }));
    };
  }

  /** Connects now, if it waits to. */
  retry(): void {
    this.#failures = 0;
    if (!this.#socket) this.#connect();
  }

  /** Ends all that it follows. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#watch);
    clearTimeout(this.#timer);
    for (const { again } of this.#followed.values()) clearTimeout(again);
    this.#followed.clear();
    this.#socket?.close();
  }

  #connect(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    const socket = new WebSocket(this.#url);
    let wasOpen = false;
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#pieces = new FramePieces();
    this.#heardAt = performance.now();
    socket.onopen = () => {
      wasOpen = true;
      for (const [id, { onConnected }] of this.#followed) {
        onConnected?.(true);
        this.#ask(id);
      }
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      this.#heardAt = performance.now();
      this.#failures = 0;
      if (typeof data === "string") this.#hear(data);
      else this.#take(data, socket);
    };
    socket.onclose = () => this.#lost(socket, wasOpen);
  }

  #lost(socket: WebSocket, wasOpen: boolean): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    if (this.#isClosed) return;
    if (!wasOpen) void this.#askWhyRefused();
    for (const { onConnected } of this.#followed.values()) onConnected?.(false);
    const { firstMs } = RECONNECT_PAUSES;
    const pause = Math.min(LONGEST_PAUSE_MS, firstMs * 2 ** this.#failures++);
    this.#timer = setTimeout(() => this.#connect(), pause);
  }

  /** No browser tells why a server has refused a WebSocket; over HTTP the server says it. */
  async #askWhyRefused(): Promise<void> {
    const refusal = await refusalOf(this.#url).catch(() => undefined); // nobody is there, who could say it
    if (!refusal) return;
    for (const { onRefused } of [...this.#followed.values()]) onRefused?.(refusal);
  }

  /**
   * A connection may be dead without a word: after sleep, or when a cable was pulled. Who looks late was stopped itself, and
   * hears only then what has come meanwhile.
   */
  #lookForSilence(): void {
    const socket = this.#socket;
    const time = performance.now();
    const isLate = time - this.#lookedAt > 2 * LOOK_MS;
    this.#lookedAt = time;
    if (!socket || isLate || time - this.#heardAt < SILENT_MS) return;
    socket.onclose = null;
    socket.close();
    this.#lost(socket, true);
  }

  #ask(id: number): void {
    const followed = this.#followed.get(id);
    if (!followed) return;
    clearTimeout(followed.again);
    const { stream, width, quality, fps } = followed;
    this.#send(JSON.stringify({ subscribe: id, stream, width, quality, fps }));
  }

  #send(message: string | Uint32Array<ArrayBuffer>): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(message);
  }

  #hear(text: string): void {
    const message = parsed(text);
    if (!message) return;
    const { id, now, version, status, problem } = message;
    if (typeof now === "number") this.#noteClock(now);
    if (typeof version === "string") this.#listener.onVersion?.(version);
    const followed = typeof id === "number" ? this.#followed.get(id) : undefined;
    if (!followed || typeof id !== "number") return;
    if (isRecord(status)) followed.onStatus?.(statusOf(status));
    if (isRecord(problem)) {
      followed.onProblem?.(typeof problem.detail === "string" ? problem.detail : UNSAID);
      clearTimeout(followed.again);
      followed.again = setTimeout(() => this.#ask(id), ASK_AGAIN_MS);
    }
  }

  /** The quickest message tells the clock best. */
  #noteClock(now: number): void {
    const offset = now - ownNow();
    const wasSetBack = offset < this.#offset - CLOCK_SET_MS;
    this.#offset = wasSetBack ? offset : Math.max(this.#offset, offset);
  }

  /** A frame is acknowledged where it came from. */
  #take(data: ArrayBuffer, socket: WebSocket): void {
    const frame = this.#pieces.take(data);
    const followed = frame && this.#followed.get(frame.id);
    if (!followed) return;
    const taken = () => {
      if (socket === this.#socket) this.#send(Uint32Array.of(frame.id));
    };
    void Promise.resolve(frame)
      .then((given) => followed.onFrame(given))
      .then(taken, taken);
  }
}

/** What a server answers to who asks for a WebSocket's address without an upgrade. */
const UPGRADE_REQUIRED = 426;
const NO_WEBSOCKET =
  "The server answers, but opens no WebSocket: it has too many, or a proxy between does not pass them on.";

async function refusalOf(url: string): Promise<Refusal> {
  const signal = AbortSignal.timeout(SILENT_MS);
  const response = await fetch(url.replace(/^ws/, "http"), { signal });
  const { status } = response;
  const problem = parsed(await response.text());
  const isOpenToHttp = response.ok || status === UPGRADE_REQUIRED;
  const why = isOpenToHttp ? undefined : problem?.detail;
  return { status, reason: typeof why === "string" ? why : NO_WEBSOCKET };
}

function ownNow(): number {
  return performance.timeOrigin + performance.now();
}

function statusOf({ state, reason, since }: Record<string, unknown>): SocketStatus {
  return {
    state: String(state),
    ...(typeof reason === "string" && { reason }),
    ...(typeof since === "string" && { since }),
  };
}
