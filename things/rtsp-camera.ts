import { type FrameSource, property } from "thingscope";
import {
  type CameraPreset,
  type FrameSink,
  type PresetOptions,
  ProgramCamera,
  RtspDevice,
  type RtspStream,
  type StillPicture,
} from "thingscope/frames";
import { Type } from "typebox";

const OPTIONS = {
  url: Type.String({
    description: "rtsp://user:password@host:554/path, or the address of an ONVIF device",
  }),
  username: Type.Optional(Type.String()),
  password: Type.Optional(Type.String()),
  trust: Type.Optional(
    Type.String({
      description: "Of rtsps: the certificate's SHA-256 fingerprint, or a PEM file with it",
    }),
  ),
  profile: Type.Optional(Type.String({ description: "Of an ONVIF device: its token or name" })),
  transport: Type.Enum(["tcp", "udp"], { default: "tcp" }),
  latency_ms: Type.Integer({ default: 200, minimum: 0, maximum: 10_000, unit: "ms" }),
  // Of what is decoded here: encoding it again takes most of the processor.
  max_framerate: Type.Optional(Type.Integer({ minimum: 1, maximum: 120, unit: "Hz" })),
  width: Type.Optional(Type.Integer({ minimum: 16, maximum: 16_384, multipleOf: 2, unit: "px" })),
};
type Options = PresetOptions<typeof OPTIONS>;

/** What takes a codec out of RTP, and, unless it is JPEG, decodes it. */
const FROM_RTP: Readonly<Record<string, string>> = {
  H264: "rtph264depay ! h264parse ! decodebin",
  H265: "rtph265depay ! h265parse ! decodebin",
  JPEG: "rtpjpegdepay ! jpegparse",
};

const RTSP: CameraPreset<typeof OPTIONS, RtspStream> = {
  options: OPTIONS,
  programs: [
    {
      program: "gst-launch-1.0",
      pipeline: (options, { address, codec }) => {
        const { transport, latency_ms: latency, max_framerate: rate, width } = options;
        const isDecoded = codec !== "JPEG";
        const smaller = [
          ...(isDecoded && rate ? ["videorate drop-only=true max-rate={rate} !"] : []),
          ...(isDecoded && width
            ? ["videoscale ! video/x-raw,width={width},pixel-aspect-ratio=1/1 !"]
            : []),
        ].join(" ");
        return {
          pipeline: `rtspsrc location={address} protocols={transport} latency={latency} ! ${FROM_RTP[codec] ?? "decodebin"} ! ${smaller} autovideosink`,
          parameters: {
            ...{ address, transport, latency },
            ...(isDecoded && rate && { rate }),
            ...(isDecoded && width && { width }),
          },
        };
      },
    },
    {
      program: "ffmpeg",
      pipeline: ({ transport, max_framerate: rate, width }, { address, codec }) => {
        const filters = [
          ...(rate ? [`fps=fps=min(source_fps\\,${rate})`] : []),
          ...(width ? [`scale=${width}:-2`] : []),
        ];
        const encoded = [
          ...(filters.length > 0 ? ["-vf", filters.join(",")] : []),
          ...["-c:v", "mjpeg", "-q:v", "4"],
        ];
        return {
          pipeline: [
            ...["ffmpeg", "-rtsp_transport", transport, "-i", address, "-map", "0:v:0"],
            ...(codec === "JPEG" ? ["-c:v", "copy"] : encoded),
            ...["-f", "mpjpeg", "pipe:1"],
          ],
        };
      },
    },
  ],
  failures: [
    {
      says: /missing a plug-?in|Missing decoder|No decoder available|could not find codec parameters/i,
      code: "SOURCE_FAILED",
      sentence:
        "There is no decoder for this stream's codec. Install gstreamer1.0-libav, set the option program to ffmpeg, or choose another codec in the camera.",
    },
    {
      // After 5 s without a packet; over TCP the camera's own answers say more.
      says: /rtspsrc[\s\S]*(Could not read from resource|Could not receive any UDP packets)/,
      code: "SOURCE_FAILED",
      sentence: ({ transport }) =>
        transport === "udp"
          ? "No pictures arrive by UDP, which a firewall may keep away: permit it, or set the option transport to tcp."
          : "The camera sends nothing any more. Check its network, or restart it.",
    },
  ],
  startMs: 20_000,
  silenceMs: 5000, // networks falter
};

/** A network camera that speaks RTSP or ONVIF. */
export class RtspCamera extends ProgramCamera<typeof OPTIONS, RtspStream> {
  static override readonly title = "Network camera";
  static override readonly description =
    "The pictures of an RTSP stream. MJPEG is passed through; other codecs are decoded.";
  readonly #device: RtspDevice;
  #framerate: number | undefined;
  #isHeadKnown = false;

  constructor(options: Partial<Options> & Pick<Options, "url">) {
    super(RTSP, options);
    this.#device = new RtspDevice(this.options.url, this.options);
  }

  @property("The stream's address, without login and query", Type.String(), { readOnly: true })
  get url(): string {
    return this.#device.shown;
  }

  /** Frames a second, as the camera says. */
  get framerate(): number | undefined {
    return this.#framerate;
  }

  /** The camera's own picture where ONVIF offers one, beside the stream; otherwise the stream's next frame. */
  override async takeStill(signal: AbortSignal): Promise<StillPicture> {
    const still = await this.#device.snapshot(signal).catch((error) => {
      if (signal.aborted) throw error;
      const why = thrownMessage(error);
      this.log.warn(`A frame of the stream is taken in place of the camera's snapshot. ${why}`);
    });
    return still ?? super.takeStill(signal);
  }

  protected override source(): FrameSource {
    return { run: (sink, signal) => this.#run(sink, signal) };
  }

  protected override get patience() {
    return { ...super.patience, silence: () => this.#device.silence };
  }

  /** What the camera answered says more than what a program makes of it. */
  async #run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    try {
      await this.device.run(sink, signal);
    } catch (error) {
      throw (!signal.aborted && this.#device.fault) || error;
    } finally {
      this.#device.close();
    }
  }

  /** Its stream's codec, asked for at each start: then its refusals are known, too. */
  protected override async find(signal: AbortSignal): Promise<RtspStream> {
    const stream = await this.#device.stream(signal);
    if (!this.#isHeadKnown) await this.#device.addHead(this, signal);
    this.#isHeadKnown = true;
    this.#framerate = stream.framerate;
    return stream;
  }
}

function thrownMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
