import type { RawData, WebSocket } from "ws";
import { now } from "../../base/clock.ts";
import { slowReaders } from "../../base/slow-readers.ts";
import { Outbox } from "./outbox.ts";

/** WebSocket close codes, RFC 6455. */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
const TRY_AGAIN_LATER = 1013;
/** What a client has, after it was told to close, before it is cut off. */
const CLOSE_MS = 10_000;
/** Bytes of a client that waits: more than this are not read. One message counts as this at least. */
const MOST_UNRECEIVED = 64 * 1024;
const LEAST_BYTES = 64;
const droppedReaders = slowReaders("websocket", "dropped");
const cutReaders = slowReaders("websocket", "cut");
const MESSAGE_RATE: MessageRate = { burst: 200, perSecond: 100 };

/** What a client may say: so many messages at once, and so many each second from then on. */
interface MessageRate {
  readonly burst: number;
  readonly perSecond: number;
}

/** One client of a WebSocket, whatever it speaks: bounded in what it says, and in what waits for it. */
export abstract class SocketSession {
  readonly outbox: Outbox;
  /** Why the server ended it, if it did. */
  endedFor: string | undefined;
  protected readonly socket: WebSocket;
  readonly #rate: RateLimit;
  readonly #textRate: RateLimit | undefined;
  #answers = 0;
  /** Works for which the client has to wait. */
  #unread = 0;
  /** What the client says while it has to wait, or has not taken what it was told. */
  readonly #unreceived: [data: RawData, isBinary: boolean][] = [];
  #unreceivedBytes = 0;
  #answeredPing = true;

  /**
   * @param rate - Of all messages.
   * @param textRate - Of those that are text, where they are fewer.
   */
  constructor(socket: WebSocket, rate = MESSAGE_RATE, textRate?: MessageRate) {
    this.socket = socket;
    this.#rate = new RateLimit(rate);
    this.#textRate = textRate && new RateLimit(textRate);
    this.outbox = new Outbox(
      socket,
      () => this.endSlow(),
      () => this.#resume(),
    );
    socket.on("message", (data, isBinary) => {
      if (!this.#mayGoOn(isBinary)) return;
      this.#unreceived.push([data, isBinary]);
      this.#unreceivedBytes += bytesOf(data);
      this.#receiveNext();
      if (this.#unreceivedBytes > MOST_UNRECEIVED) socket.pause();
    });
    socket.on("ping", () => this.#mayGoOn(true));
    socket.on("pong", () => {
      this.#answeredPing = true;
    });
  }

  /** What the client said, unless it says too much. */
  protected abstract receive(data: RawData, isBinary: boolean): void;

  /** Asks whether the client is still there, and cuts off one that has not answered the last time. */
  ping(): void {
    if (this.#answeredPing) {
      this.#answeredPing = false;
      this.socket.ping();
    } else {
      this.endedFor ??= "It did not answer a ping.";
      cutReaders();
      this.socket.terminate();
    }
  }

  /** Ends it because what it talks with is gone. */
  goAway(reason: string): void {
    this.#close(GOING_AWAY, reason);
  }

  /** Ends a client that cannot be told everything. */
  protected endSlow(): void {
    if (this.socket.readyState === this.socket.OPEN) droppedReaders();
    this.#end(TRY_AGAIN_LATER, "You read too slowly.");
  }

  /** Answers answer one request each, so none takes another's place. */
  protected answer(message: string): void {
    this.#answers += 1;
    this.outbox.send(`answer ${this.#answers}`, () => message);
    if (!this.outbox.isEmpty) this.socket.pause(); // until it has taken what it asked for
  }

  /** Reads nothing more of the client until `work` is done: what it asks for next waits where it is. */
  protected async whileUnread<T>(work: Promise<T>): Promise<T> {
    this.#unread += 1;
    this.socket.pause();
    try {
      return await work;
    } finally {
      this.#unread -= 1;
      this.#resume();
    }
  }

  #end(code: number, reason: string): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.endedFor = reason;
    this.#close(code, reason);
  }

  /** Closes with a code and a sentence, and cuts the client off if it does not close in turn. */
  #close(code: number, reason: string): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.socket.resume(); // its own goodbye has to be read
    this.socket.close(code, reason);
    const cut = setTimeout(() => this.socket.terminate(), CLOSE_MS);
    this.socket.once("close", () => clearTimeout(cut));
  }

  get #mayReceive(): boolean {
    return this.#unread === 0 && this.outbox.isEmpty;
  }

  #receiveNext(): void {
    while (this.#mayReceive) {
      const next = this.#unreceived.shift();
      if (!next) return;
      this.#unreceivedBytes -= bytesOf(next[0]);
      this.receive(...next);
    }
  }

  #resume(): void {
    if (!this.#mayReceive) return;
    this.#receiveNext();
    if (this.#mayReceive) this.socket.resume();
  }

  #mayGoOn(isBinary: boolean): boolean {
    if (this.socket.readyState !== this.socket.OPEN) return false;
    if (!this.#rate.take()) return this.#endFlood(this.#rate, "messages");
    if (isBinary || !this.#textRate || this.#textRate.take()) return true;
    return this.#endFlood(this.#textRate, "text messages");
  }

  #endFlood({ perSecond }: RateLimit, what: string): false {
    this.#end(POLICY_VIOLATION, `More than ${perSecond} ${what} a second are too many.`);
    return false;
  }
}

function bytesOf(data: RawData): number {
  const pieces = Array.isArray(data) ? data : [data];
  return Math.max(
    LEAST_BYTES,
    pieces.reduce((sum, { byteLength }) => sum + byteLength, 0),
  );
}

/** So many at once, and so many each second from then on. */
class RateLimit {
  readonly perSecond: number;
  readonly #burst: number;
  #left: number;
  #at = now();

  constructor({ burst, perSecond }: MessageRate) {
    this.#burst = burst;
    this.perSecond = perSecond;
    this.#left = burst;
  }

  /** Counts one; false when it is one too many. */
  take(): boolean {
    const time = now();
    this.#left = Math.min(this.#burst, this.#left + ((time - this.#at) / 1000) * this.perSecond);
    this.#at = time;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
