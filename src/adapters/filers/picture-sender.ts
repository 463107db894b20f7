import { toDateTime, wallTime } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import { decodeRgb } from "../../frames/codec/codec.ts";
import type { Frame } from "../../frames/frame.ts";
import { type PixelFormat, toPixelFormat } from "../../frames/pixels/pixel-formats.ts";
import { RateMeter } from "../../frames/rate.ts";
import type { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import { messageBytes } from "./framing.ts";
import { imageText } from "./messages.ts";
import type { NetworkClient, NetworkPicture, VideoFormat } from "./network-client.ts";

/** The format and rate of what is sent. */
interface SenderOptions {
  readonly pixelFormat: PixelFormat;
  /** At most this many pictures a second. */
  readonly maxFps?: number | undefined;
  /** Largest width, pixels. */
  readonly width?: number | undefined;
  /** A frame could not be decoded. */
  onFault(kind: string, sentence: string): void;
}

/** The rate that is announced before it has been measured, pictures a second. */
const DEFAULT_RATE = 30;

/**
 * Sends each frame of a stream to all clients that play, decoded once. It wants frames while one plays, and decodes only
 * the newest frame that a client has room for.
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
    this.#endRuns = stream.onRun(() => this.#resubscribe());
  }

  /** Frames that were decoded. */
  get decoded(): number {
    return this.#decoded;
  }

  /** The current format, once it is known. */
  get format(): VideoFormat | undefined {
    return this.#picture?.format;
  }

  /** Subscribes to frames, or unsubscribes. */
  adapt(isWanted: boolean): void {
    if (isWanted) this.#leave ??= this.#subscribe();
    else this.#unsubscribe();
  }

  /** A client has read what it was sent: it gets the newest frame unless it has it already. */
  clientHasRoom(): void {
    if (!this.#isSending) void this.#send();
  }

  close(): void {
    this.#endRuns();
    this.#unsubscribe();
  }

  #subscribe(): () => void {
    const { maxFps: fps } = this.#options;
    const feed = this.#stream.variant(fps === undefined ? {} : { fps });
    const release = feed.demand.take();
    const end = feed.onFrame((frame) => this.#take(frame));
    return () => {
      end();
      release();
    };
  }

  #unsubscribe(): void {
    this.#leave?.();
    this.#leave = undefined;
    this.#newest = undefined;
    this.#picture = undefined;
    this.#rate.reset();
  }

  /** A stream that stopped has discarded its rate-limited variant. */
  #resubscribe(): void {
    if (!this.#leave) return;
    this.#leave();
    this.#leave = this.#subscribe();
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

  /** The newest frame, if a client could be sent it now. */
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
      for (const client of takers) client.send(picture);
    } catch (error) {
      this.#options.onFault("undecodable", `A frame was not sent: ${messageOf(error)}`);
      for (const client of takers) client.cancel();
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
    const rate = hz > 1 ? hz : (this.#options.maxFps ?? DEFAULT_RATE);
    return Math.round(rate * 1000) / 1000;
  }
}

/** A frame's identity: `t` for every client, the rest for clients that prove which frames they received. */
function metadataOf({ run, index, capturedAt }: Frame): Record<string, unknown> {
  const epochMs = wallTime(capturedAt);
  return { t: epochMs / 1000, count: index, run, wall: toDateTime(epochMs) };
}
