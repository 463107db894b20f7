import { abortable, Camera, type FrameSource, now, property, slot } from "thingscope";
import { encodeJpeg, type SourceFrame } from "thingscope/frames";
import { Type } from "typebox";
import { SimulatedOptics } from "./optics/simulated-optics.ts";
import { ticks } from "./pictures/ticks.ts";
import { SimulatedStage } from "./simulated-stage.ts";

/** Options of a SimulatedCamera. */
export interface SimulatedCameraOptions {
  /** Slide, noise and focal plane follow from it. */
  readonly seed?: number;
  /** z at (0, 0) where the picture is sharp, steps; without it, the seed chooses one. */
  readonly focal_plane?: number;
  /** Whether it runs even while its frames are not wanted. */
  readonly keep_warm?: boolean;
}

const FRAME_RATE = 30;
// Constant quality: so a sharper picture has more bytes, which is what autofocus measures.
const QUALITY = 80;
/** What is seen first takes half a second of a processor. */
const SLOWEST_START_MS = 120_000;

/** The camera of a simulated microscope, over a slide of synthetic stained tissue. */
export class SimulatedCamera extends Camera {
  static override readonly title = "Simulated camera";
  static override readonly description =
    "The camera of the simulated microscope: 800 × 600 at 30 Hz, marked SIMULATED. The stage moves its slide and its focus.";
  readonly #optics: SimulatedOptics;

  @slot("The stage that moves the slide", SimulatedStage)
  accessor stage!: SimulatedStage;

  constructor({ seed, focal_plane, keep_warm = false }: SimulatedCameraOptions = {}) {
    super({ keep_warm });
    this.#optics = new SimulatedOptics({ seed, focalPlane: focal_plane });
  }

  @property("Frames a second", Type.Number({ unit: "Hz" }), { readOnly: true })
  get framerate(): number {
    return FRAME_RATE;
  }

  protected override source(): FrameSource {
    return { frames: (signal) => this.#frames(signal) };
  }

  /** On a slow or busy machine computing takes long, which is not a failure: there is no device. */
  protected override get patience() {
    return { startMs: SLOWEST_START_MS, silenceMs: 0 };
  }

  async *#frames(signal: AbortSignal): AsyncGenerator<SourceFrame> {
    await abortable(this.#optics.ready(this.stage.placeAt(now())), signal);
    for await (const capturedAt of ticks(() => FRAME_RATE, signal)) {
      const picture = await this.#optics.look(this.stage.placeAt(capturedAt));
      yield { jpeg: await encodeJpeg(picture, { quality: QUALITY }), capturedAt };
    }
  }
}
