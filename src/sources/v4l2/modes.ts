import { ThingError } from "../../base/errors.ts";
import type { V4l2Description, V4l2Format } from "./messages.ts";
import { formatText, rateOf } from "./trouble.ts";

/** How a camera streams. */
export interface V4l2Mode {
  /** V4L2's name of four characters, e.g. `MJPG`. */
  readonly format: string;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Frames a second; 0 where the device does not say. */
  readonly rate: number;
}

/** A mode that is asked for. What is absent: the format that the camera makes JPEGs in, if it can; the highest rate, as for 0. */
export interface WantedMode {
  readonly format?: string;
  readonly width: number;
  readonly height: number;
  readonly rate?: number;
}

/** A size that a camera has in a format. */
export interface V4l2Size {
  readonly format: string;
  readonly description: string;
  /** Pixels; `[smallest, largest, step]` where the camera scales. */
  readonly width: number | readonly [number, number, number];
  readonly height: number | readonly [number, number, number];
  /** Frames a second, highest first; empty where the device does not say. */
  readonly rates: number[];
}

type Size = V4l2Description["modes"][number]["sizes"][number];
type Interval = readonly [number, number];

/** As closely a rate has to be one of the camera's. */
const RATE_TOLERANCE = 0.02;
/** What is streamed unless something else is asked for, if a camera makes JPEGs: a larger picture is slow over a network. */
const USUAL = { width: 1280, height: 720, rate: 15 };
const MOST_LISTED = 20;

/** The modes of a device: what it has, and which suits. */
export class V4l2Modes {
  readonly #device: V4l2Description;

  constructor(device: V4l2Description) {
    this.#device = device;
  }

  /** All sizes, by format. */
  get sizes(): V4l2Size[] {
    return sizesOf(this.#device);
  }

  /** The mode that it has now; undefined where the device does not say. */
  get present(): V4l2Mode | undefined {
    const { format } = this.#device;
    return format ? modeOf(format) : undefined;
  }

  /** Whether it is in that mode already. @throws {ThingError} as `wordsFor` does. */
  isPresent(wanted: WantedMode): boolean {
    const { fourcc, width, height, interval } = this.#device.format ?? {};
    const [n = 0, d = 0] = interval ?? [];
    const present = `${fourcc} ${width}x${height}`;
    return [present, `${present} ${n}/${d}`].includes(this.wordsFor(wanted));
  }

  /** The mode to begin with; undefined where its own is as good: one that it makes JPEGs in. */
  get usual(): WantedMode | undefined {
    return usualMode(this.#device);
  }

  /** The largest picture that it can take: one that it makes a JPEG of itself, if it has that. */
  get largest(): Omit<V4l2Mode, "rate"> | undefined {
    return largestMode(this.#device);
  }

  /**
   * The words of the command that sets a mode.
   * @throws {ThingError} `INVALID_INPUT` for one that the camera does not have; it names those that it has.
   */
  wordsFor(wanted: WantedMode): string {
    return modeWords(wanted, this.#device);
  }
}

function sizesOf({ modes }: V4l2Description): V4l2Size[] {
  return modes.flatMap(({ fourcc, description, sizes }) =>
    sizes.map((size) => ({
      ...{ format: fourcc, description, width: size.width, height: size.height },
      rates: ratesOf(size),
    })),
  );
}

function modeOf({ fourcc, width, height, interval }: V4l2Format): V4l2Mode {
  return { format: fourcc, width, height, rate: interval ? rateOf(interval) : 0 };
}

function modeWords(wanted: WantedMode, device: V4l2Description): string {
  const { format, width, height, rate } = wanted;
  const known = device.modes.filter(({ fourcc }) => format === undefined || fourcc === format);
  const [byDevice, others] = [true, false].map((isJpeg) =>
    known.filter(({ payload }) => (payload === "jpeg") === isJpeg),
  );
  for (const { fourcc, sizes } of [...(byDevice ?? []), ...(others ?? [])]) {
    const size = sizes.find((one) => has(one.width, width) && has(one.height, height));
    if (!size) continue;
    const interval = intervalFor(rate, size, fourcc);
    return `${fourcc} ${width}x${height}${interval ? ` ${interval[0]}/${interval[1]}` : ""}`;
  }
  const asked = `${format ?? "any format"} ${width}x${height}`;
  throw notThere(asked, known.length > 0 ? known : device.modes);
}

function usualMode({ modes, format }: V4l2Description): WantedMode | undefined {
  const present = modes.find(({ fourcc }) => fourcc === format?.fourcc);
  if (present?.payload === "jpeg") return undefined;
  const candidates = modes
    .filter(({ payload }) => payload === "jpeg")
    .flatMap(({ fourcc, sizes }) =>
      sizes.map((size) => ({ format: fourcc, ...largestOf(size), size })),
    )
    .filter(({ width, height }) => width <= USUAL.width && height <= USUAL.height)
    .filter(({ size }) => (ratesOf(size)[0] ?? USUAL.rate) >= USUAL.rate)
    .sort((a, b) => b.width * b.height - a.width * a.height);
  const [best] = candidates;
  return best && { format: best.format, width: best.width, height: best.height };
}

function largestMode({ modes }: V4l2Description): Omit<V4l2Mode, "rate"> | undefined {
  const all = modes.flatMap(({ fourcc, payload, sizes }) =>
    sizes.map((size) => ({ format: fourcc, isJpeg: payload === "jpeg", ...largestOf(size) })),
  );
  const [largest] = all.sort(
    (a, b) => b.width * b.height - a.width * a.height || Number(b.isJpeg) - Number(a.isJpeg),
  );
  return largest && { format: largest.format, width: largest.width, height: largest.height };
}

function largestOf({ width, height }: Size): { width: number; height: number } {
  const largest = (side: Size["width"]) => (typeof side === "number" ? side : side[1]);
  return { width: largest(width), height: largest(height) };
}

function has(side: Size["width"], wanted: number): boolean {
  if (typeof side === "number") return side === wanted;
  const [min, max, step] = side;
  return wanted >= min && wanted <= max && (wanted - min) % Math.max(1, step) === 0;
}

function intervalFor(wanted: number | undefined, size: Size, fourcc: string): Interval | undefined {
  const rate = wanted || undefined; // 0 is what is read where the device does not say
  const listed = size.intervals.flatMap(({ interval }) => (isTime(interval) ? [interval] : []));
  if (listed.length === 0) return rate === undefined ? undefined : fractionOf(rate);
  const asked = rate ?? Number.POSITIVE_INFINITY;
  const distance = ([n, d]: Interval) =>
    rate === undefined ? n / d : Math.abs(d / n - asked) / asked;
  const [nearest] = listed.toSorted((a, b) => distance(a) - distance(b));
  if (!nearest || rate === undefined || distance(nearest) <= RATE_TOLERANCE) return nearest;
  const { width, height } = largestOf(size);
  throw new ThingError(
    "INVALID_INPUT",
    `The camera has no rate of ${rate} fps in ${fourcc} ${width}x${height}. It has: ${ratesOf(size).join(", ")}.`,
  );
}

/** 29.97 frames a second is an interval of 100/2997 s. */
function fractionOf(rate: number): Interval {
  const digits = Number.isInteger(rate) ? 1 : 1000;
  return [digits, Math.round(rate * digits)];
}

function ratesOf({ intervals }: Size): number[] {
  const rates = intervals.flatMap(({ interval, min, max }) =>
    [interval, min, max].flatMap((one) => (isTime(one) ? [rateOf(one)] : [])),
  );
  return [...new Set(rates)].sort((a, b) => b - a);
}

/** Some drivers list intervals of no time, or of none at all. */
function isTime(interval: Interval | undefined): interval is Interval {
  return interval !== undefined && interval[0] > 0 && interval[1] > 0;
}

function notThere(asked: string, modes: V4l2Description["modes"]): ThingError {
  const all = modes.flatMap(({ fourcc, sizes }) =>
    sizes.map((size) => formatText({ fourcc, ...largestOf(size) })),
  );
  const more = all.length > MOST_LISTED ? ` and ${all.length - MOST_LISTED} more` : "";
  const listed = all.slice(0, MOST_LISTED).join(", ") || "none";
  return new ThingError(
    "INVALID_INPUT",
    `The camera has no mode ${asked}. It has: ${listed}${more}. The property 'modes' lists all.`,
  );
}
