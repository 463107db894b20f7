import { toDateTime, wallTime } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Frame } from "../../frames/frame.ts";
import { decodeRgb } from "../../frames/pixels/codec.ts";
import { type PixelFormat, toPixelFormat } from "../../frames/pixels/pixel-formats.ts";
import { RateMeter } from "../../frames/rate.ts";
import type { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import { messageBytes } from "./framing.ts";
import { imageText } from "./messages.ts";
import type { NetworkClient, NetworkPicture, VideoFormat } from "./network-client.ts";

/** What is sent. */
interface SenderOptions {
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
 * Gives each frame of a stream to all clients that play, decoded once. It wants frames while one plays, and decodes only
 * what somebody has room for: the newest frame, whatever came while it decoded the one before or a client took its time.
 */
export class PictureSender {
  readonly #stream: MJPEGStream;
  readonly #clients: ReadonlySet<NetworkClient>;
  readonly #options: SenderOptions;
  readonly #rate = new RateMeter();
  readonly #endRuns: () => void;
  #leave: (() => void) | undefined;
  #newest: Frame | undefined;
  #picture: NetworkPicture | undefined;
  #isSending = false;
  #decoded = 0;

  constructor(stream: MJPEGStream, clients: ReadonlySet<NetworkClient>, options: SenderOptions) {
    this.#stream = stream;
    this.#clients = clients;
    this.#options = options;
    this.#endRuns = stream.onRun(() => this.#beginAnew());
  }

  /** Frames that were decoded. */
  get decoded(): number {
    return this.#decoded;
  }

  /** What is sent now, as far as it is known. */
  get format(): VideoFormat | undefined {
    return this.#picture?.format;
  }

  /** Begins to take frames, or stops, as somebody wants pictures or not. */
  adapt(isWanted: boolean): void {
    if (isWanted) this.#leave ??= this.#enter();
    else this.#rest();
  }

  /** A client has taken what it was sent: it gets the newest frame, if it has not got that. */
  clientHasRoom(): void {
    if (!this.#isSending) void this.#send();
  }

  close(): void {
    this.#endRuns();
    this.#rest();
  }

  #enter(): () => void {
    const { maxFps: fps } = this.#options;
    const feed = this.#stream.variant(fps === undefined ? {} : { fps });
    const release = feed.demand.take();
    const end = feed.onFrame((frame) => this.#take(frame));
    return () => {
      end();
      release();
    };
  }

  #rest(): void {
    this.#leave?.();
    this.#leave = undefined;
    this.#newest = undefined;
    this.#picture = undefined;
    this.#rate.reset();
  }

  /** A stream that was stopped has given up the feed that was slower than it. */
  #beginAnew(): void {
    if (!this.#leave) return;
    this.#leave();
    this.#leave = this.#enter();
  }

  #take(frame: Frame): void {
    this.#rate.tick(frame.capturedAt);
    this.#newest = frame;
    for (const client of this.#clients) client.announce(frame);
    if (!this.#isSending) void this.#send();
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    for (let frame = this.#awaited(); frame; frame = this.#awaited()) await this.#sendFrame(frame);
    this.#isSending = false;
  }

  /** The newest frame, if somebody could be sent it now. */
  #awaited(): Frame | undefined {
    const newest = this.#newest;
    return newest && [...this.#clients].some((client) => client.awaits(newest))
      ? newest
      : undefined;
  }

  async #sendFrame(frame: Frame): Promise<void> {
    const takers = [...this.#clients].filter((client) => client.claim(frame));
    try {
      const isMade = this.#picture?.frame === frame;
      const picture = isMade ? this.#picture! : await this.#pictureOf(frame);
      if (this.#leave) this.#picture = picture;
      for (const client of takers) client.offer(picture);
    } catch (error) {
      this.#options.onFault("undecodable", `A frame was not sent: ${messageOf(error)}`);
      for (const client of takers) client.forgo();
    }
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
    const format = [pixelFormat, width, height, this.#rateNow()] as const;
    return { frame, head: messageBytes(text, planes.length), planes, format };
  }

  #rateNow(): number {
    const hz = this.#rate.hz();
    const rate = hz > 1 ? hz : (this.#options.maxFps ?? USUAL_RATE);
    return Math.round(rate * 1000) / 1000;
  }
}

/** Who a frame is: `t` for every client, the rest for those who want to prove which frames they had. */
function metadataOf({ run, index, capturedAt }: Frame): Record<string, unknown> {
  const epochMs = wallTime(capturedAt);
  return { t: epochMs / 1000, count: index, run, wall: toDateTime(epochMs) };
}
