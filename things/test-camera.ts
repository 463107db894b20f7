import { readFile } from "node:fs/promises";
import { Camera, type FrameSource, now, property, setting, ThingError, wallTime } from "thingscope";
import {
  decodeRgb,
  drawText,
  encodeJpeg,
  type Rgba,
  renderSvgRaw,
  type SourceFrame,
  type StillPicture,
  testCard,
  toRgba,
} from "thingscope/frames";
import { type Static, Type } from "typebox";
import { Easel } from "./pictures/easel.ts";
import { ticks } from "./pictures/ticks.ts";

const Mode = Type.Object({
  media_type: Type.String(),
  width: Type.Integer({ unit: "px" }),
  height: Type.Integer({ unit: "px" }),
  framerate: Type.Number({ unit: "Hz" }),
});
type Mode = Static<typeof Mode>;

const Picture = Type.Enum(["card", "photograph"]);
type Picture = Static<typeof Picture>;

const SIZES = [
  { width: 640, height: 480, photograph: "sea.jpg" },
  { width: 1280, height: 720, photograph: "mountains.jpg" },
  { width: 1920, height: 1080, photograph: "still-life.jpg" },
] as const;
const FRAMERATES = [30, 10] as const;
const MODES: readonly Mode[] = SIZES.flatMap(({ width, height }) =>
  FRAMERATES.map((framerate) => ({ media_type: "image/jpeg", width, height, framerate })),
);
const DEGREES_PER_FRAME = 3;

/** Options of a TestCamera. */
export interface TestCameraOptions {
  /** Size and rate; omitted values are those of the first mode. */
  readonly mode?: Partial<Mode>;
  /** A card, or a photograph. */
  readonly picture?: Picture;
  /** Whether the picture rotates. */
  readonly animated?: boolean;
  /** Whether it runs even while its frames are not wanted. */
  readonly keep_warm?: boolean;
}

/** A camera without hardware. Each frame shows its number and time. */
export class TestCamera extends Camera {
  static override readonly title = "Test camera";
  static override readonly description =
    "Test cards and rendered photographs in three sizes, still or rotating, with the frame's number and time.";
  #mode: Mode = MODES[0]!;
  /** How far the picture has turned. */
  #degrees = 0;
  readonly #pictures = new Map<string, Promise<Rgba>>();

  constructor({ mode, picture, animated, keep_warm = false }: TestCameraOptions = {}) {
    super({ keep_warm });
    if (mode) this.mode = { ...this.#mode, ...mode };
    if (picture) this.picture = picture;
    if (animated !== undefined) this.animated = animated;
  }

  @property("The modes of this camera", Type.Array(Mode), { readOnly: true })
  get capabilities(): Mode[] {
    return MODES.map((mode) => ({ ...mode }));
  }

  @property("The current mode, one of its capabilities", Mode, { observable: true })
  get mode(): Mode {
    return { ...this.#mode };
  }

  set mode(wanted: Mode) {
    const found = MODES.find((mode) => describe(mode) === describe(wanted));
    if (!found) {
      throw new ThingError(
        "BAD_ARGUMENT",
        `Camera '${this.name}' has no mode ${describe(wanted)}, so it stays at ${describe(this.#mode)}. ` +
          `It has: ${MODES.map(describe).join("; ")}.`,
      );
    }
    this.#mode = found;
  }

  /** Frames a second, which its recordings say. */
  get framerate(): number {
    return this.#mode.framerate;
  }

  @setting("A test card, or a (rendered) photograph", Picture)
  accessor picture: Picture = "card";

  @setting("Whether the picture rotates continuously", Type.Boolean())
  accessor animated = false;

  protected override source(): FrameSource {
    return { frames: (signal) => this.#frames(signal) };
  }

  /** On a slow or busy machine drawing is slow, which is not a failure: there is no device. */
  protected override get patience() {
    return { silenceMs: 0 };
  }

  async *#frames(signal: AbortSignal): AsyncGenerator<SourceFrame> {
    const easel = new Easel();
    let index = 0; // each start of a source is a new run of its stream
    for await (const capturedAt of ticks(() => this.#mode.framerate, signal)) {
      const picture = await this.#pictureOf(this.#mode);
      this.#degrees = this.animated ? this.#degrees + DEGREES_PER_FRAME : 0;
      const canvas = easel.paint(picture, this.#degrees);
      label(canvas, `FRAME ${index++}`, capturedAt);
      const [jpeg] = await Promise.all([
        encodeJpeg(canvas, { quality: 80 }),
        this.animated && easel.paintAhead(picture, this.#degrees + DEGREES_PER_FRAME),
      ]);
      yield { jpeg, capturedAt };
    }
  }

  /** Of the largest size that there is, whatever the stream has. */
  override async takeStill(signal: AbortSignal): Promise<StillPicture> {
    const largest = SIZES.at(-1)!;
    if (this.#mode.width >= largest.width) return super.takeStill(signal);
    const capturedAt = now();
    const canvas = new Easel().paint(await this.#pictureOf(largest), this.#degrees);
    label(canvas, "STILL", capturedAt);
    const jpeg = await encodeJpeg(canvas, { quality: 90 });
    return { jpeg, width: canvas.width, height: canvas.height, capturedAt };
  }

  /** Drawn or read once, when it is shown first. */
  #pictureOf({ width, height }: Pick<Mode, "width" | "height">): Promise<Rgba> {
    const key = `${this.picture} ${width}`;
    const picture = this.#pictures.get(key) ?? load(this.picture, width, height);
    this.#pictures.set(key, picture);
    return picture;
  }
}

function describe({ media_type, width, height, framerate }: Mode): string {
  return `${media_type} ${width} x ${height} at ${framerate} Hz`;
}

async function load(picture: Picture, width: number, height: number): Promise<Rgba> {
  if (picture === "card") {
    return toRgba(await renderSvgRaw(testCard(width, height), { width, height }));
  }
  const photograph = SIZES.find((size) => size.width === width)?.photograph ?? "";
  const root = import.meta.resolve("thingscope/package.json");
  return toRgba(await decodeRgb(await readFile(new URL(`things/images/${photograph}`, root))));
}

function label(canvas: Rgba, what: string, capturedAt: number): void {
  const scale = Math.round(canvas.height / 300);
  const text = `${what}  ${new Date(wallTime(capturedAt)).toISOString().replace("T", " ").replace("Z", "")}`;
  drawText(canvas, text, { x: 12 * scale, y: canvas.height - 20 * scale, scale });
}
