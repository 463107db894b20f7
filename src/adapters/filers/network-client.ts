import type { Socket } from "node:net";
import { messageOf } from "../../base/errors.ts";
import { slowReaders } from "../../base/slow-readers.ts";
import type { Frame } from "../../frames/frame.ts";
import { type MessageParts, MessageReader, messageBytes } from "./framing.ts";
import { messageText, parseMessage } from "./messages.ts";

/** `idle`: it has not asked for pictures. `requested`: it has, and there is nothing to send yet. `playing`: it gets them. */
type ClientState = "idle" | "requested" | "playing";

/** What is said before the first picture: pixel format, width, height, pictures a second. */
export type VideoFormat = readonly [format: string, width: number, height: number, rate: number];

/** A picture as it goes to every client: one memory for all. */
export interface NetworkPicture {
  readonly frame: Frame;
  /** Lengths and text. */
  readonly head: Uint8Array;
  readonly planes: Uint8Array;
  readonly format: VideoFormat;
}

/** What the server hears of a client. */
interface ClientOptions {
  /** It asked for pictures, or for none. */
  onState(): void;
  /** It has taken what it was sent. */
  onRoom(): void;
  /** It did something wrong: counted by its kind. */
  onFault(kind: string, sentence: string): void;
}

type Command = "started_playing" | "stopped_playing";

/** Clients send a name and nothing else. */
const LIMITS = { text: 64 * 1024, binary: 64 * 1024 };
const LONGEST_COMMAND = 256; // bytes: parsing YAML takes time
const MOST_MISTAKES = 10;
const MOST_UNREAD_REPLIES = 64 * 1024; // bytes
const KEEP_ALIVE_MS = 30_000;
const STALL_MS = 10_000;
const passedOver = slowReaders("filers_client", "newest");
const cutClients = slowReaders("filers_client", "cut");

/** One client of a FilersServer: what it asked for, what it was sent, and what it was too slow for. */
export class NetworkClient {
  readonly address: string;
  readonly port: number;
  /** Pictures that were written to it. */
  sent = 0;
  /** Whether it ever said something that was understood. */
  hasSpoken = false;
  readonly #socket: Socket;
  readonly #options: ClientOptions;
  readonly #reader = new MessageReader(LIMITS);
  #state: ClientState = "idle";
  #mistakes = 0;
  #announced = 0;
  /** The newest frame, until it is claimed. */
  #due: Frame | undefined;
  /** The frame that is decoded for it. */
  #claimed: Frame | undefined;
  #format = "";
  #unread = 0;

  constructor(socket: Socket, options: ClientOptions) {
    this.#socket = socket;
    this.#options = options;
    this.address = socket.remoteAddress ?? "";
    this.port = socket.remotePort ?? 0;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("end", () => {
      if (this.#reader.isInside) this.#fault("half_message", "left in the middle of a message");
    });
    socket.on("timeout", () => {
      this.#fault("half_message", `stopped in the middle of a message for ${STALL_MS / 1000} s`);
      this.end();
    });
    socket.on("error", () => {}); // "close" follows; clients often leave before the last answer
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Frames that came while it played, and that it was too slow for. */
  get skipped(): number {
    return this.#announced - this.sent - (this.#due ? 1 : 0) - (this.#claimed ? 1 : 0);
  }

  /** The server began to record to the network, or has found out what it sends: who asked gets pictures from now on. */
  begin(format: VideoFormat): void {
    if (this.#state === "idle") return;
    const said = JSON.stringify(format.slice(0, 3));
    if (this.#state === "playing" && said === this.#format) return;
    this.#format = said;
    this.#say("started_recording", format);
    if (this.#state === "playing") return; // the size has changed
    this.#state = "playing";
    this.#options.onState();
  }

  /** The server does not record to the network any more: who wants more asks again. */
  stopped(): void {
    if (this.#state === "idle") return;
    this.#become("idle");
    this.#say("stopped_recording", null);
  }

  /** There is a new frame. The one before is skipped, if nobody has claimed it. */
  announce(frame: Frame): void {
    if (this.#state === "idle") return;
    if (this.#due) passedOver();
    this.#announced++;
    this.#due = frame;
  }

  /** Whether this frame could be sent now: it has not got it, and has taken the one before. */
  awaits(frame: Frame): boolean {
    return this.#due === frame && this.#socket.writableLength === 0;
  }

  /** Claims a frame that it awaits: `offer` brings it, or `forgo` says that it does not come. */
  claim(frame: Frame): boolean {
    if (!this.awaits(frame)) return false;
    this.#claimed = frame;
    this.#due = undefined;
    return true;
  }

  /** Sends the picture of the frame that was claimed. */
  offer({ frame, head, planes, format }: NetworkPicture): void {
    if (this.#claimed !== frame) return; // it wants no more, or not any more
    this.#claimed = undefined;
    this.begin(format);
    this.#socket.cork();
    this.#socket.write(head);
    this.#socket.write(planes, () => this.#options.onRoom());
    this.#socket.uncork();
    this.sent++;
  }

  /** The frames that it waits for will not come. */
  forgo(): void {
    this.#due = undefined;
    this.#claimed = undefined;
  }

  /** Ends the connection at once. */
  end(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    try {
      for (const message of this.#reader.messages(chunk)) {
        if (this.#socket.destroyed) return; // what it said before that was enough
        this.#take(message);
      }
      this.#socket.setTimeout(this.#reader.isInside ? STALL_MS : 0);
    } catch (error) {
      this.#fault("bad_length", `sent what is none of our messages. ${messageOf(error)}`);
      this.end();
    }
  }

  #take(message: MessageParts): void {
    const name = this.#understood(message);
    if (name === undefined) return;
    this.hasSpoken = true;
    if (name === "started_playing") this.#startedPlaying();
    else this.#stoppedPlaying();
  }

  #understood({ text, binary }: MessageParts): Command | undefined {
    try {
      if (text.length > LONGEST_COMMAND || binary.length > 0) throw new Error("It is too long.");
      const { name } = parseMessage(text);
      if (name === "started_playing" || name === "stopped_playing") return name;
      throw new Error(`Its name is '${name.slice(0, 40)}'.`);
    } catch (error) {
      const sentence = `A client says started_playing or stopped_playing. ${messageOf(error)}`;
      this.#fault("bad_message", `sent a message that is not understood. ${sentence}`);
      this.#say("exception", [sentence, ""]);
      this.#mistakes++;
      if (this.#mistakes >= MOST_MISTAKES) this.end();
      return undefined;
    }
  }

  #startedPlaying(): void {
    if (this.#state !== "idle") {
      this.#say("exception", ["Client already notified that it is playing", ""]);
      return;
    }
    this.#format = "";
    this.#become("requested");
  }

  #stoppedPlaying(): void {
    this.#become("idle");
    this.#say("stopped_playing", null);
  }

  #become(state: ClientState): void {
    if (this.#state === state) return;
    this.#state = state;
    if (state === "idle") this.forgo();
    this.#options.onState();
  }

  /** Answers wait for who does not read them, but not for ever. */
  #say(name: string, value: unknown): void {
    if (this.#socket.destroyed) return;
    const message = messageBytes(messageText(name, value));
    this.#unread += message.length;
    this.#socket.write(message, () => {
      this.#unread -= message.length;
    });
    if (this.#unread <= MOST_UNREAD_REPLIES) return;
    this.#fault("does_not_read", "asks without reading the answers");
    cutClients();
    this.end();
  }

  #fault(kind: string, what: string): void {
    this.#options.onFault(kind, `The Filers client ${this.address}:${this.port} ${what}`);
  }
}
