import type { IterableSource, SourceFrame } from "../../frames/frame-source.ts";
import { encodeJpeg } from "../../frames/pixels/codec.ts";
import { imageFromPlanes } from "../../frames/pixels/from-planes.ts";
import { type ArrivalOptions, type ArrivedPicture, ArrivingPictures } from "./arriving-pictures.ts";

/** Where the pictures come from, and how they are kept. */
interface FilersSourceOptions extends ArrivalOptions {
  /** Of the JPEGs, 1 to 100: 90. */
  readonly quality?: number | undefined;
}

/** The pictures of a Filers server as JPEGs. */
export class FilersSource implements IterableSource {
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
