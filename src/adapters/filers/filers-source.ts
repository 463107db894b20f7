import { now } from "../../base/clock.ts";
import { ThingError } from "../../base/errors.ts";
import { encodeJpeg } from "../../frames/codec.ts";
import type { Origin } from "../../frames/frame.ts";
import type { FrameSource, SourceFrame } from "../../frames/frame-source.ts";
import { imageFromPlanes } from "../../frames/from-planes.ts";
import { PtsClock } from "../../sources/pts-clock.ts";
import {
  type FilersImage,
  type FilersMetadata,
  RemoteVideoPlayer,
  type RemoteVideoPlayerOptions,
} from "./remote-video-player.ts";

/** Where the pictures come from, how they are kept, and who wants to know what happens. */
export interface FilersSourceOptions extends RemoteVideoPlayerOptions {
  /** Of the JPEGs, 1 to 100: 90. */
  readonly quality?: number | undefined;
  /** The server has begun to record to the network, or has ended. */
  onRecording(isRecording: boolean): void;
  /** A picture gave way to a newer one, because JPEGs are made more slowly than pictures come. */
  onSkipped(): void;
}

/** The pictures of a Filers server as JPEGs. */
export class FilersSource implements FrameSource {
  readonly #options: FilersSourceOptions;

  constructor(options: FilersSourceOptions) {
    this.#options = options;
  }

  async *frames(signal: AbortSignal): AsyncGenerator<SourceFrame, void> {
    const player = new NewestPicture(this.#options);
    const wake = () => player.wake();
    signal.addEventListener("abort", wake);
    player.startListener();
    player.play();
    try {
      while (!signal.aborted) {
        const picture = player.take();
        if (picture) yield await this.#frameOf(picture);
        else await player.next();
      }
    } finally {
      signal.removeEventListener("abort", wake);
      this.#options.onRecording(false);
      await player.stopListener();
    }
  }

  async #frameOf({ image, capturedAt, origin }: Arrived): Promise<SourceFrame> {
    const { quality = 90 } = this.#options;
    const jpeg = await encodeJpeg(imageFromPlanes(image), { quality });
    return { jpeg, capturedAt, ...(origin && { origin }) };
  }
}

interface Arrived {
  readonly image: FilersImage;
  readonly capturedAt: number;
  readonly origin: Origin | undefined;
}

/** Holds the newest picture until somebody takes it. */
class NewestPicture extends RemoteVideoPlayer {
  readonly #options: FilersSourceOptions;
  readonly #clock = new PtsClock();
  #newest: Arrived | undefined;
  #failure: ThingError | undefined;
  #lastT = Number.NEGATIVE_INFINITY;
  #wake: () => void = () => {};

  constructor(options: FilersSourceOptions) {
    super(options);
    this.#options = options;
  }

  /** @throws {ThingError} `SOURCE_FAILED` once the connection is over. */
  take(): Arrived | undefined {
    if (this.#failure) throw this.#failure;
    const picture = this.#newest;
    this.#newest = undefined;
    return picture;
  }

  /** Resolves when there may be something to take. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  wake(): void {
    this.#wake();
  }

  override processException(message: string, _trace: string, fromThread: boolean): void {
    const sentence = fromThread
      ? message
      : `The Filers server ${this.server}:${this.port} complains: ${message}`;
    this.#failure = new ThingError("SOURCE_FAILED", sentence);
    this.wake();
  }

  override processRecordingState(isRecording: boolean): void {
    this.#options.onRecording(isRecording);
    if (!isRecording) this.play(); // it sends nothing of its next recording to who does not ask again
  }

  override processImage(image: FilersImage, metadata: FilersMetadata): void {
    if (this.#newest) this.#options.onSkipped();
    const capturedAt = this.#capturedAt(metadata.t);
    this.#newest = { image, capturedAt, origin: this.#originOf(metadata) };
    this.wake();
  }

  #capturedAt(t: unknown): number {
    const arrivedAt = now();
    if (typeof t !== "number" || !Number.isFinite(t)) return arrivedAt;
    if (t < this.#lastT) this.#clock.reset();
    this.#lastT = t;
    return this.#clock.captured(t * 1000, arrivedAt);
  }

  /** A Thingscope server says who the frame is. */
  #originOf({ t, run, count }: FilersMetadata): Origin | undefined {
    if (typeof run !== "string" || typeof count !== "number" || typeof t !== "number")
      return undefined;
    const stream = `filers://${this.server}:${this.port}`;
    return { stream, run, index: count, capturedAt: t * 1000 };
  }
}
