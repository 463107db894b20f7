import {
  action,
  Blob,
  blobSchema,
  Camera,
  delay,
  type FrameSource,
  type Invocation,
  now,
  setting,
  ThingError,
} from "thingscope";
import { encodeJpeg } from "thingscope/frames";
import { Type } from "typebox";

const SIZE = { width: 320, height: 240, channels: 1 } as const;

export class Sensor extends Camera {
  static override readonly title = "Sensor";
  #newest: Uint8Array | undefined;

  @setting("Exposure time", Type.Number({ unit: "ms", minimum: 1, maximum: 1000 }))
  accessor exposure = 50;

  @action("The newest picture as raw pixels, 320x240, 8 bits", {
    output: blobSchema("application/octet-stream"),
  })
  async raw(_: Record<string, never>, { signal }: Invocation): Promise<Blob> {
    await this.mjpeg_stream.grab(signal); // wakes the sensor up
    if (!this.#newest) throw new ThingError("NO_FRAME", "The sensor has no picture yet.");
    return Blob.fromBytes(this.#newest, "application/octet-stream");
  }

  protected override source(): FrameSource {
    return { frames: (signal: AbortSignal) => this.#frames(signal) };
  }

  async *#frames(signal: AbortSignal) {
    for (let n = 0; ; n++) {
      await delay(this.exposure, signal);
      const capturedAt = now();
      const data = Uint8Array.from({ length: SIZE.width * SIZE.height }, (_, at) => at + n);
      this.#newest = data;
      yield { jpeg: await encodeJpeg({ data, ...SIZE }), capturedAt };
    }
  }
}
