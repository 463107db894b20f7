import type { RawData, WebSocket } from "ws";
import { Outbox } from "./outbox.ts";
import { RateLimit } from "./rate-limit.ts";

/** WebSocket close codes, RFC 6455. */
const POLICY_VIOLATION = 1008;
const TRY_AGAIN_LATER = 1013;
/** What a client has, after it was told to close, before it is cut off. */
const CLOSE_MS = 2000;
const MESSAGE_RATE = { burst: 200, perSecond: 100 } as const;

/** One client of a WebSocket, whatever it speaks: bounded in what it says, and in what waits for it. */
export abstract class SocketSession {
  readonly outbox: Outbox;
  /** Why the server ended it, if it did. */
  endedFor: string | undefined;
  protected readonly socket: WebSocket;
  readonly #rate = new RateLimit(MESSAGE_RATE);
  #answers = 0;
  #answeredPing = true;

  constructor(socket: WebSocket) {
    this.socket = socket;
    this.outbox = new Outbox(socket, () => this.endSlow());
    socket.on("message", (data, isBinary) => {
      if (this.#mayGoOn()) this.receive(data, isBinary);
    });
    socket.on("ping", () => this.#mayGoOn());
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
      this.socket.terminate();
    }
  }

  /** Ends a client that cannot be told everything. */
  protected endSlow(): void {
    this.#end(TRY_AGAIN_LATER, "You read too slowly.");
  }

  /** Answers answer one request each, so none takes another's place. */
  protected answer(message: string): void {
    this.#answers += 1;
    this.outbox.send(`answer ${this.#answers}`, () => message);
  }

  /** Closes with a code and a sentence, and cuts the client off if it does not close in turn. */
  #end(code: number, reason: string): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.endedFor = reason;
    this.socket.close(code, reason);
    const cut = setTimeout(() => this.socket.terminate(), CLOSE_MS);
    this.socket.once("close", () => clearTimeout(cut));
  }

  #mayGoOn(): boolean {
    if (this.socket.readyState !== this.socket.OPEN) return false;
    if (this.#rate.take()) return true;
    const reason = `More than ${MESSAGE_RATE.perSecond} messages a second are too many.`;
    this.#end(POLICY_VIOLATION, reason);
    return false;
  }
}
