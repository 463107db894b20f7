import { toDateTime } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import { decodeRgb } from "../../frames/codec.ts";
import type { Frame } from "../../frames/frame.ts";
import { type PixelFormat, toPixelFormat } from "../../frames/pixel-formats.ts";
import { RateMeter } from "../../frames/rate.ts";
import type { MJPEGStream } from "../../outputs/mjpeg-stream.ts";
import { messageBytes } from "./framing.ts";
import { imageText } from "./messages.ts";
import type { NetworkClient, NetworkPicture, VideoFormat } from "./network-client.ts";

/** What is sent. */
export interface SenderOptions {
  readonly pixelFormat: PixelFormat;
  /** Pictures a second at most. */
  readonly maxFps?: number | undefined;
  /** Pixels across at most. */
  readonly width?: number | undefined;
  /** A frame could not be decoded. */
  onFault(kind: string, sentence: string): void;
}

/** What is said of the rate before it is known, pictures a second. */
const USUAL_RATE = 30;

/**
 * Decodes each frame of a stream once and gives it to all clients that play. It wants frames while one plays, and decodes
 * only when one has room: of a slow decoder's frames the newest is taken.
 */
export class PictureSender {
  readonly #stream: MJPEGStream;
  readonly #clients: ReadonlySet<NetworkClient>;
  readonly #options: SenderOptions;
  readonly #rate = new RateMeter();
  readonly #endRuns: () => void;
  #isWanted = false;
  #sending: AbortController | undefined;
  #format: VideoFormat | undefined;
  #decoded = 0;

  constructor(stream: MJPEGStream, clients: ReadonlySet<NetworkClient>, options: SenderOptions) {
    this.#stream = stream;
    this.#clients = clients;
    this.#options = options;
    this.#endRuns = stream.onRun(() => this.adapt(this.#isWanted));
  }

  /** Frames that were decoded. */
  get decoded(): number {
    return this.#decoded;
  }

  /** What is sent now, as far as it is known. */
  get format(): VideoFormat | undefined {
    return this.#format;
  }

  /** Begins to send, or stops, as somebody wants pictures or not. */
  adapt(isWanted: boolean): void {
    this.#isWanted = isWanted;
    if (!isWanted) {
      this.#sending?.abort();
      this.#sending = undefined;
      this.#format = undefined;
      this.#rate.reset();
    } else if (!this.#sending) {
      const sending = new AbortController();
      this.#sending = sending;
      void this.#send(sending.signal);
    }
  }

  close(): void {
    this.#endRuns();
    this.adapt(false);
  }

  async #send(signal: AbortSignal): Promise<void> {
    const { maxFps: fps } = this.#options;
    const feed = this.#stream.variant(fps === undefined ? {} : { fps });
    for await (const frame of feed.frames(signal)) {
      this.#rate.tick(frame.capturedAt);
      if (![...this.#clients].some(({ hasRoom }) => hasRoom)) this.#pass(frame);
      else await this.#sendFrame(frame, signal);
    }
    if (!signal.aborted) this.#sending = undefined; // the stream has stopped: it is asked again when its next run begins
  }

  async #sendFrame(frame: Frame, signal: AbortSignal): Promise<void> {
    try {
      const picture = await this.#pictureOf(frame);
      if (signal.aborted) return;
      for (const client of this.#clients) client.offer(picture);
    } catch (error) {
      this.#options.onFault("undecodable", `A frame was not sent: ${messageOf(error)}`);
      this.#pass(frame);
    }
  }

  #pass(frame: Frame): void {
    for (const client of this.#clients) client.pass(frame);
  }

  async #pictureOf(frame: Frame): Promise<NetworkPicture> {
    const { pixelFormat, width: most } = this.#options;
    const rgb = await decodeRgb(frame.jpeg, { width: most });
    const { data: planes, sizes, lineSizes } = toPixelFormat(rgb, pixelFormat);
    const { width, height } = rgb;
    const metadata = metadataOf(frame);
    const text = imageText({
      ...{ planeSizes: sizes, pixelFormat, width, height, lineSizes, metadata },
    });
    this.#decoded++;
    this.#format = [pixelFormat, width, height, this.#rateNow()];
    return { frame, head: messageBytes(text, planes.length), planes, format: this.#format };
  }

  #rateNow(): number {
    const hz = this.#rate.hz();
    const rate = hz > 1 ? hz : (this.#options.maxFps ?? USUAL_RATE);
    return Math.round(rate * 1000) / 1000;
  }
}

/** Who a frame is: `t` for every client, the rest for those who want to prove which frames they had. */
function metadataOf({ run, index, capturedAt }: Frame): Record<string, unknown> {
  return { t: capturedAt / 1000, count: index, run, wall: toDateTime(capturedAt) };
}
