import { drawText } from "thingscope/frames";
import type { Rgb } from "../pictures/rgb.ts";
import { blankRgb } from "../pictures/rgb.ts";
import { FocusStack, wordsOf } from "./focus-stack.ts";
import type { Random } from "./seeded-random.ts";
import { normal, seededRandom, uniform } from "./seeded-random.ts";
import { Slide } from "./slide.ts";

/** Where the microscope looks, steps of its stage. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

export interface OpticsOptions {
  /** Slide, noise and focal plane follow from it. */
  readonly seed?: number | undefined;
  /** z at (0, 0) where the picture is sharp, steps; without it, the seed chooses one from -800 to 800. */
  readonly focalPlane?: number | undefined;
}

export const VIEW_WIDTH = 800;
export const VIEW_HEIGHT = 600;
/** Steps of x or y that move the picture by one pixel. */
export const STEPS_PER_PIXEL = 4;

const SLIDE_WIDTH = 1600;
const SLIDE_HEIGHT = 1200;
/** Steps away from focus that blur by one pixel (standard deviation). */
const STEPS_PER_SIGMA = 100;
const MEAN_NOISE = 8;
const NOISE_SIGMA = 1.3;
const NOISE_BYTES = 1 << 20;
const NOISE_SAMPLE = 1 << 14;

/** What a camera sees through a microscope with a stained slide: the same for the same seed. */
export class SimulatedOptics {
  readonly #seed: number;
  readonly #focalPlane: number;
  readonly #tiltX: number;
  readonly #tiltY: number;
  readonly #random: Random;
  #prepared: Prepared | undefined;

  constructor({ seed = 1, focalPlane }: OpticsOptions = {}) {
    const random = seededRandom(seed);
    const chosen = Math.round(uniform(random, -800, 800));
    this.#seed = seed;
    this.#focalPlane = focalPlane ?? chosen;
    this.#tiltX = uniform(random, -0.01, 0.01);
    this.#tiltY = uniform(random, -0.01, 0.01);
    this.#random = random;
  }

  /** The z at which the slide is sharp at (x, y): it lies a little tilted. Steps. */
  focusAt(x: number, y: number): number {
    return this.#focalPlane + x * this.#tiltX + y * this.#tiltY;
  }

  /** Prepares the picture from here, in less than a second; the event loop goes on meanwhile. */
  async ready(place: Place): Promise<void> {
    await this.#lightAt(place);
  }

  /** Prepares the pictures from everywhere. */
  async whole(): Promise<void> {
    await slideOf(this.#seed).whole();
  }

  /** The picture from here, with new noise. @returns Memory that the next call writes to again. */
  async look(place: Place): Promise<Rgb> {
    const light = await this.#lightAt(place);
    const prepared = this.#prepare();
    expose(light, prepared, this.#random());
    drawText(prepared.picture, "SIMULATED", { x: 16, y: VIEW_HEIGHT - 30, scale: 2 });
    return prepared.picture;
  }

  #lightAt({ x, y, z }: Place): Promise<Rgb> {
    const sigmaPx = Math.abs(z - this.focusAt(x, y)) / STEPS_PER_SIGMA;
    return this.#prepare().stack.look(x / STEPS_PER_PIXEL, y / STEPS_PER_PIXEL, sigmaPx);
  }

  #prepare(): Prepared {
    this.#prepared ??= {
      stack: new FocusStack(slideOf(this.#seed), VIEW_WIDTH, VIEW_HEIGHT),
      noise: sensorNoise(this.#random),
      vignette: vignette(),
      picture: blankRgb(VIEW_WIDTH, VIEW_HEIGHT),
    };
    return this.#prepared;
  }
}

/** What takes time to make, or much memory: not needed by who only asks where the focus is. */
interface Prepared {
  readonly stack: FocusStack;
  readonly noise: Int32Array;
  readonly vignette: Int32Array;
  readonly picture: Rgb;
}

/** Light becomes a picture. Four bytes at once: no sum of theirs leaves 0 to 255. @param at - Where its noise begins, 0 to 1. */
function expose(light: Rgb, { picture, noise, vignette }: Prepared, at: number): void {
  const from = wordsOf(light);
  const to = wordsOf(picture);
  const mask = noise.length - 1;
  const offset = Math.floor(at * noise.length);
  for (let word = 0; word < to.length; word++) {
    to[word] = (from[word]! + noise[(word + offset) & mask]! - vignette[word]!) | 0;
  }
}

let newest: { seed: number; slide: Slide } | undefined;

/** The newest slide is kept for the next microscope with the same seed. */
function slideOf(seed: number): Slide {
  if (newest?.seed !== seed) newest = { seed, slide: new Slide(seed, SLIDE_WIDTH, SLIDE_HEIGHT) };
  return newest.slide;
}

/** Drawn from a sample of the normal distribution, since a million logarithms and cosines take time. */
function sensorNoise(random: Random): Int32Array {
  const sample = Uint8Array.from({ length: NOISE_SAMPLE }, () => {
    const value = Math.round(MEAN_NOISE + NOISE_SIGMA * normal(random));
    return Math.min(2 * MEAN_NOISE, Math.max(0, value));
  });
  const bytes = new Uint8Array(NOISE_BYTES);
  for (let at = 0; at < bytes.length; at++)
    bytes[at] = sample[Math.floor(random() * NOISE_SAMPLE)]!;
  return new Int32Array(bytes.buffer);
}

/** The light of a lamp falls off towards the corners. */
function vignette(): Int32Array {
  const shade = blankRgb(VIEW_WIDTH, VIEW_HEIGHT);
  for (let y = 0; y < VIEW_HEIGHT; y++) {
    for (let x = 0; x < VIEW_WIDTH; x++) {
      const square = 2 * ((x / VIEW_WIDTH - 0.5) ** 2 + (y / VIEW_HEIGHT - 0.5) ** 2);
      const darker = Math.round(20 * square * Math.sqrt(square));
      const place = (y * VIEW_WIDTH + x) * 3;
      shade.data[place] = darker;
      shade.data[place + 1] = darker;
      shade.data[place + 2] = darker;
    }
  }
  return wordsOf(shade);
}
