import { now } from "../../base/clock.ts";
import { ThingError } from "../../base/errors.ts";
import { Heartbeats } from "../../base/heartbeats.ts";
import type { ClockSet } from "../../frames/clock-set.ts";
import type { Origin, SourceLoss } from "../../frames/frame.ts";
import { PtsTimes } from "../../sources/pts-clock.ts";
import {
  type FilersImage,
  type FilersMetadata,
  RemoteVideoPlayer,
  type RemoteVideoPlayerOptions,
} from "./remote-video-player.ts";

/** A received picture that waits to be encoded as JPEG. */
export interface ArrivedPicture {
  readonly image: FilersImage;
  /** Epoch ms. */
  readonly capturedAt: number;
  /** The frame's identity, where the server is a Thingscope. */
  readonly origin: Origin | undefined;
  readonly lossesBefore: readonly SourceLoss[];
  /** How far the server's clock has been set since the first picture. */
  readonly clockSet?: ClockSet | undefined;
}

/** Time limits and callbacks. */
export interface ArrivalOptions extends RemoteVideoPlayerOptions {
  /** The longest time between two pictures while the server records, ms; 0: no limit. */
  readonly silenceMs: number;
  /** The server has started or stopped recording to the network. */
  onRecording(isRecording: boolean): void;
  /** A picture was dropped: encoding is slower than pictures arrive. */
  onDropped(): void;
}

/** As many as Filers buffers for a client: small pictures arrive in pairs because Filers leaves Nagle's algorithm on. */
const MOST_WAITING = 5;
const NOT_SENT = "the FilersServer did not send them";
const TOO_BUSY = "JPEG encoding was slower than pictures arrived";

/** A player that holds the newest pictures until they are taken, and knows which are missing. */
export class ArrivingPictures extends RemoteVideoPlayer {
  readonly #options: ArrivalOptions;
  readonly #times = new PtsTimes();
  readonly #waiting: ArrivedPicture[] = [];
  /** What is missing before the first waiting picture. */
  #missing: SourceLoss[] = [];
  #failure: ThingError | undefined;
  #last: Origin | undefined;
  #heartbeats: Heartbeats | undefined;
  #wake: () => void = () => {};

  constructor(options: ArrivalOptions) {
    super(options);
    this.#options = options;
  }

  /** The oldest waiting picture. @throws {ThingError} `SOURCE_FAILED` once the connection has ended. */
  take(): ArrivedPicture | undefined {
    const picture = this.#waiting.shift();
    if (!picture && this.#failure) throw this.#failure;
    if (!picture || this.#missing.length === 0) return picture;
    const lossesBefore = [...this.#missing, ...picture.lossesBefore];
    this.#missing = [];
    return { ...picture, lossesBefore };
  }

  /** Resolves when there may be something to take. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Ends a wait for the next. */
  wake(): void {
    this.#wake();
  }

  override processException(message: string, _trace: string, fromThread: boolean): void {
    const complaint = `The Filers server ${this.server}:${this.port} reports an error: ${message}`;
    this.#failure = new ThingError("SOURCE_FAILED", fromThread ? message : complaint);
    this.wake();
  }

  override processRecordingState(isRecording: boolean): void {
    this.#options.onRecording(isRecording);
    if (isRecording) this.#awaitPicture();
    else this.#heartbeats?.stop();
    this.#last = undefined; // what was not recorded is not lost
    if (!isRecording) this.play(); // the server sends its next recording only to clients that ask again
  }

  override processImage(image: FilersImage, metadata: FilersMetadata): void {
    this.#heartbeats?.beat();
    if (this.#waiting.length >= MOST_WAITING) this.#drop();
    const times = this.#timesOf(metadata.t);
    const origin = this.#originOf(metadata);
    this.#waiting.push({ image, ...times, origin, lossesBefore: this.#lossesBefore(origin) });
    this.wake();
  }

  override async stopListener(): Promise<void> {
    this.#heartbeats?.stop();
    await super.stopListener();
  }

  #awaitPicture(): void {
    this.#heartbeats?.stop();
    const { silenceMs } = this.#options;
    if (silenceMs === 0) return;
    const sentence = `The Filers server ${this.server}:${this.port} records and has sent no picture for ${silenceMs / 1000} s.`;
    const limits = { startMs: silenceMs, silenceMs, periods: 5 };
    this.#heartbeats = new Heartbeats(limits, () => this.processException(sentence, "", true));
  }

  #drop(): void {
    const { lossesBefore = [] } = this.#waiting.shift() ?? {};
    this.#missing.push(...lossesBefore, { what: "lost", count: 1, why: TOO_BUSY });
    this.#options.onDropped();
  }

  #timesOf(t: unknown): Pick<ArrivedPicture, "capturedAt" | "clockSet"> {
    const arrivedAt = now();
    const isTime = typeof t === "number" && Number.isFinite(t);
    return isTime ? this.#times.next(t * 1000, arrivedAt) : { capturedAt: arrivedAt };
  }

  /** Only a Thingscope server sends a frame's identity. */
  #originOf({ t, run, count }: FilersMetadata): Origin | undefined {
    if (typeof run !== "string" || typeof count !== "number" || typeof t !== "number") {
      return undefined;
    }
    const stream = `filers://${this.server}:${this.port}`;
    return { stream, run, index: count, capturedAt: t * 1000 };
  }

  #lossesBefore(origin: Origin | undefined): SourceLoss[] {
    const last = this.#last;
    this.#last = origin;
    if (!origin || origin.run !== last?.run) return [];
    const count = origin.index - last.index - 1;
    return count > 0 ? [{ what: "lost", count, why: NOT_SENT }] : [];
  }
}
