import { blurReach, blurred } from "thingscope/frames";
import type { Rgb } from "../pictures/rgb.ts";
import type { Region } from "./pigment.ts";
import { stainedTissue } from "./tissue.ts";

/** Standard deviations of the blur, pixels. Each about twice as blurred as the one before: in between, two are mixed. */
export const SIGMAS_PX = [0, 0.7, 1.4, 2.8, 5.6, 11.2, 22.4, 44.8] as const;
// Noise adds 0 to 16 to each byte and the vignette takes 0 to 20 away: nothing can overflow its byte.
const DARKEST = 24;
const BRIGHTEST = 236;
/** How long the whole slide waits after the first look, ms: whoever opens a page waits for that, and not for tissue out of sight. */
const WHOLE_AFTER_MS = 3000;

/** A part of the slide at one degree of blur. */
export interface Layer {
  /** Where its left upper corner lies on the slide. */
  readonly left: number;
  readonly top: number;
  readonly picture: Rgb;
}

/**
 * One slide at several degrees of blur. What is looked at first is made first, and by itself. A while
 * later, or once another place is looked at, the whole slide is made, and one degree of blur after the other, while the event loop goes on.
 */
export class Slide {
  readonly #seed: number;
  readonly #width: number;
  readonly #height: number;
  readonly #made = new Map<number, Layer>();
  readonly #making = new Map<number, Promise<Layer>>();
  #sharp: Promise<Rgb> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #first: Promise<First> | undefined;

  constructor(seed: number, width: number, height: number) {
    this.#seed = seed;
    this.#width = width;
    this.#height = height;
  }

  /** The slide at these degrees of blur, at least where `region` is. @param levels - Places in `SIGMAS_PX`. */
  async layers(levels: readonly number[], region: Region): Promise<readonly Layer[]> {
    this.#first ??= this.#makeFirst(levels, region);
    const first = await this.#first;
    const whole = levels.flatMap((level) => this.#made.get(level) ?? []);
    if (whole.length === levels.length) return whole;
    const parts = levels.flatMap((level) => first.layers.get(level) ?? []);
    if (parts.length === levels.length && isWithin(region, first.region)) return parts;
    return Promise.all(levels.map((level) => this.#level(level)));
  }

  /** Resolves once the whole slide is there, at every degree of blur. */
  async whole(): Promise<void> {
    for (const level of SIGMAS_PX.keys()) await this.#level(level);
  }

  async #makeFirst(levels: readonly number[], region: Region): Promise<First> {
    const margin = Math.max(...levels.map((level) => blurReach(SIGMAS_PX[level]!)));
    const [left, top] = [region.left - margin, region.top - margin];
    const [width, height] = [region.width + 2 * margin, region.height + 2 * margin];
    const layers = new Map<number, Layer>();
    if (width < this.#width && height < this.#height) {
      const sharp = await this.#paint({ left, top, width, height });
      for (const level of levels) {
        const picture = await blurred(sharp, SIGMAS_PX[level]!);
        layers.set(level, { left, top, picture });
      }
    }
    setTimeout(() => this.whole().catch(() => {}), WHOLE_AFTER_MS).unref(); // what fails here fails who looks there
    return { region, layers };
  }

  /** One at a time, for each takes memory while it is made. */
  #level(level: number): Promise<Layer> {
    const known = this.#making.get(level);
    if (known) return known;
    const making = this.#last.then(async () => {
      this.#sharp ??= this.#paint();
      const picture = await blurred(await this.#sharp, SIGMAS_PX[level]!);
      const layer = { left: 0, top: 0, picture };
      this.#made.set(level, layer);
      return layer;
    });
    this.#making.set(level, making);
    this.#last = making;
    return making;
  }

  async #paint(region?: Region): Promise<Rgb> {
    const pigment = await stainedTissue(this.#seed, this.#width, this.#height, region);
    return pigment.toRgb(DARKEST, BRIGHTEST);
  }
}

/** What was looked at first. */
interface First {
  readonly region: Region;
  readonly layers: ReadonlyMap<number, Layer>;
}

function isWithin(inner: Region, outer: Region): boolean {
  const { left, top, width, height } = outer;
  const isBeside = inner.left < left || inner.left + inner.width > left + width;
  return !isBeside && inner.top >= top && inner.top + inner.height <= top + height;
}
