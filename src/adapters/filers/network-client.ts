import type { Socket } from "node:net";
import { messageOf } from "../../base/errors.ts";
import { slowReaders } from "../../base/slow-readers.ts";
import type { Frame } from "../../frames/frame.ts";
import { type MessageParts, MessageReader, messageBytes } from "./framing.ts";
import { messageText, parseMessage } from "./messages.ts";

/** `idle`: it has not asked for pictures. `requested`: it has, and there is nothing to send yet. `playing`: it receives them. */
type ClientState = "idle" | "requested" | "playing";

/** Sent before the first picture: pixel format, width, height, pictures a second. */
export type VideoFormat = readonly [format: string, width: number, height: number, rate: number];

/** A picture as it is sent to every client, in memory that all share. */
export interface NetworkPicture {
  readonly frame: Frame;
  /** Lengths and text. */
  readonly head: Uint8Array;
  readonly planes: Uint8Array;
  readonly format: VideoFormat;
}

/** Callbacks to the server. */
interface ClientOptions {
  /** It started or stopped asking for pictures. */
  onState(): void;
  /** It has read what it was sent. */
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

/** One client of a FilersServer: its state, and what was sent to it or skipped. */
export class NetworkClient {
  readonly address: string;
  readonly port: number;
  /** Pictures sent to it. */
  sent = 0;
  /** Whether it has sent a valid message. */
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
      this.#fault("half_message", `stalled in the middle of a message for ${STALL_MS / 1000} s`);
      this.end();
    });
    socket.on("error", () => {}); // "close" follows; clients often leave before the last answer
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Frames skipped while it played, because it was too slow. */
  get skipped(): number {
    return this.#announced - this.sent - (this.#due ? 1 : 0) - (this.#claimed ? 1 : 0);
  }

  /** The server records to the network and knows its format: a client that has asked receives pictures from now on. */
  begin(format: VideoFormat): void {
    if (this.#state === "idle") return;
    const announced = JSON.stringify(format.slice(0, 3));
    if (this.#state === "playing" && announced === this.#format) return;
    this.#format = announced;
    this.#reply("started_recording", format);
    if (this.#state === "playing") return; // the size has changed
    this.#state = "playing";
    this.#options.onState();
  }

  /** The server has stopped recording to the network: the client must ask again for more. */
  stopped(): void {
    if (this.#state === "idle") return;
    this.#setState("idle");
    this.#reply("stopped_recording", null);
  }

  /** Announces a new frame. An unclaimed previous one is skipped. */
  announce(frame: Frame): void {
    if (this.#state === "idle") return;
    if (this.#due) passedOver();
    this.#announced++;
    this.#due = frame;
  }

  /** Whether this frame could be sent now: it is due, and the previous one has been written. */
  awaits(frame: Frame): boolean {
    return this.#due === frame && this.#socket.writableLength === 0;
  }

  /** Claims a frame that it awaits: `send` or `cancel` follows. */
  claim(frame: Frame): boolean {
    if (!this.awaits(frame)) return false;
    this.#claimed = frame;
    this.#due = undefined;
    return true;
  }

  /** Sends the picture of the frame that was claimed. */
  send({ frame, head, planes, format }: NetworkPicture): void {
    if (this.#claimed !== frame) return; // it has stopped playing
    this.#claimed = undefined;
    this.begin(format);
    this.#socket.cork();
    this.#socket.write(head);
    this.#socket.write(planes, () => this.#options.onRoom());
    this.#socket.uncork();
    this.sent++;
  }

  /** Drops the frames that it waits for. */
  cancel(): void {
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
        if (this.#socket.destroyed) return; // ended by an earlier message
        this.#take(message);
      }
      this.#socket.setTimeout(this.#reader.isInside ? STALL_MS : 0);
    } catch (error) {
      this.#fault("bad_length", `sent an invalid message. ${messageOf(error)}`);
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
      const sentence = `A client must send started_playing or stopped_playing. ${messageOf(error)}`;
      this.#fault("bad_message", `sent an unknown message. ${sentence}`);
      this.#reply("exception", [sentence, ""]);
      this.#mistakes++;
      if (this.#mistakes >= MOST_MISTAKES) this.end();
      return undefined;
    }
  }

  #startedPlaying(): void {
    if (this.#state !== "idle") {
      this.#reply("exception", ["Client already notified that it is playing", ""]);
      return;
    }
    this.#format = "";
    this.#setState("requested");
  }

  #stoppedPlaying(): void {
    this.#setState("idle");
    this.#reply("stopped_playing", null);
  }

  #setState(state: ClientState): void {
    if (this.#state === state) return;
    this.#state = state;
    if (state === "idle") this.cancel();
    this.#options.onState();
  }

  /** Unread replies are bounded: a client that does not read them is disconnected. */
  #reply(name: string, value: unknown): void {
    if (this.#socket.destroyed) return;
    const message = messageBytes(messageText(name, value));
    this.#unread += message.length;
    this.#socket.write(message, () => {
      this.#unread -= message.length;
    });
    if (this.#unread <= MOST_UNREAD_REPLIES) return;
    this.#fault("does_not_read", "sent requests without reading the replies, and was disconnected");
    cutClients();
    this.end();
  }

  #fault(kind: string, what: string): void {
    this.#options.onFault(kind, `The Filers client ${this.address}:${this.port} ${what}`);
  }
}
