import { Type } from "typebox";
import { property } from "../../core/decorators.ts";
import { encodeJpeg } from "../../frames/codec/codec.ts";
import type { FrameSource, IterableSource, SourceFrame } from "../../frames/frame-source.ts";
import { imageFromPlanes } from "../../frames/pixels/from-planes.ts";
import { Camera } from "../../instruments/camera.ts";
import { acceptedOptions } from "../options.ts";
import { type ArrivalOptions, type ArrivedPicture, ArrivingPictures } from "./arriving-pictures.ts";

const Options = Type.Object({
  server: Type.String({ minLength: 1 }),
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
  quality: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  max_image_mb: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 4000 })),
  silence_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 })),
  keep_warm: Type.Optional(Type.Boolean()),
});

/** Options of a FilersCamera. */
export interface FilersCameraOptions {
  /** Name or IPv4 address of the machine on which Filers runs. */
  readonly server: string;
  /** The port of its network recorder. */
  readonly port: number;
  /** JPEG quality, 1 to 100. Default 90. */
  readonly quality?: number;
  /** The largest raw picture that is accepted, MB. Default 67. */
  readonly max_image_mb?: number;
  /** The longest time between two pictures while Filers records, ms; 0: no limit. Default 10,000. */
  readonly silence_ms?: number;
  /** Whether it also plays while its frames are not wanted. */
  readonly keep_warm?: boolean;
}

const SILENCE_MS = 10_000;
/** A connected server that does not record may start at any time: this is not a failure. */
const PATIENT = { startMs: 2 ** 31 - 1, silenceMs: 0 };

/** A camera of Filers' network recorder: each raw picture is encoded once, however many viewers there are. */
export class FilersCamera extends Camera {
  static override readonly title = "Filers camera";
  static override readonly description =
    "The pictures that Filers, or a FilersServer, records to the network.";
  readonly #options: FilersCameraOptions;
  #isRecording = false;
  #dropped = 0;

  /** @throws {ThingError} `BAD_ARGUMENT` that names each invalid option. */
  constructor(options: FilersCameraOptions) {
    const { keep_warm } = acceptedOptions(Options, options, "A FilersCamera");
    super(keep_warm === undefined ? {} : { keep_warm });
    this.#options = options;
  }

  @property("Whether Filers records to the network. Otherwise no frames arrive", Type.Boolean(), {
    readOnly: true,
    observable: true,
  })
  get remote_recording(): boolean {
    return this.#isRecording;
  }

  @property(
    "Pictures that were dropped because JPEG encoding is slower than pictures arrive",
    Type.Integer({ minimum: 0 }),
    { readOnly: true },
  )
  get frames_dropped(): number {
    return this.#dropped;
  }

  protected override source(): FrameSource {
    const { server, port, quality, max_image_mb, silence_ms = SILENCE_MS } = this.#options;
    return new FilersSource({
      ...{ server, port, quality, silenceMs: silence_ms },
      ...(max_image_mb !== undefined && { maxImageBytes: max_image_mb * 1e6 }),
      onRecording: (isRecording) => this.#setRecording(isRecording),
      onDropped: () => {
        this.#dropped++;
      },
    });
  }

  protected override get patience() {
    return PATIENT;
  }

  #setRecording(isRecording: boolean): void {
    if (isRecording === this.#isRecording) return;
    this.#isRecording = isRecording;
    this.changed("remote_recording");
  }
}

/** The server, and how its pictures are encoded. */
interface FilersSourceOptions extends ArrivalOptions {
  /** JPEG quality, 1 to 100. Default 90. */
  readonly quality?: number | undefined;
}

/** The pictures of a Filers server as JPEGs. */
class FilersSource implements IterableSource {
  readonly #options: FilersSourceOptions;

  constructor(options: FilersSourceOptions) {
    this.#options = options;
  }

  async *frames(signal: AbortSignal): AsyncGenerator<SourceFrame, void> {
    const pictures = new ArrivingPictures(this.#options);
    const wake = () => pictures.wake();
    signal.addEventListener("abort", wake);
    pictures.startListener();
    pictures.play();
    try {
      while (!signal.aborted) {
        const picture = pictures.take();
        if (picture) yield await this.#frameOf(picture);
        else await pictures.next();
      }
    } finally {
      signal.removeEventListener("abort", wake);
      this.#options.onRecording(false);
      await pictures.stopListener();
    }
  }

  async #frameOf({
    image,
    capturedAt,
    origin,
    lossesBefore,
    clockSet,
  }: ArrivedPicture): Promise<SourceFrame> {
    const { quality = 90 } = this.#options;
    const jpeg = await encodeJpeg(imageFromPlanes(image), { quality });
    return { jpeg, capturedAt, ...(origin && { origin }), lossesBefore, clockSet };
  }
}
