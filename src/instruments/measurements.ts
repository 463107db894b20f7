import { type Static, Type } from "typebox";
import { frameRates } from "../streams/frame-rates.ts";
import type { MJPEGStream } from "../streams/mjpeg-stream.ts";

const Count = (description: string) => Type.Integer({ minimum: 0, description });

/** How a camera's frames come, and what did not. */
export const Measurements = Type.Object({
  rate: Type.Number({ unit: "Hz", description: "Frames a second over the last 5 s" }),
  age: Type.Union([Type.Number({ minimum: 0, unit: "s" }), Type.Null()], {
    description: "Since the newest frame was captured; null without one",
  }),
  jitter: Type.Union([Type.Number({ minimum: 0, unit: "ms" }), Type.Null()], {
    description: "Mean absolute deviation of the times between frames; null before the third frame",
  }),
  bytes_per_second: Type.Number({ minimum: 0, unit: "B/s" }),
  frames: Count("Frames taken"),
  refused: Count("Pictures refused: they were not JPEGs, or too large"),
  lost: Count("Frames that the source reports as lost"),
  outages: Count("How often frames stopped"),
});
export type Measurements = Static<typeof Measurements>;

export function measurementsOf({ sizes, stats }: MJPEGStream): Measurements {
  const { rate, ageMs, jitterMs, bytesPerSecond } = frameRates(sizes);
  const { added, refused, lostBySource, outages } = stats;
  return {
    rate: rounded(rate),
    age: Number.isFinite(ageMs) ? rounded(Math.max(0, ageMs) / 1000) : null,
    jitter: jitterMs === undefined ? null : rounded(jitterMs),
    bytes_per_second: Math.round(bytesPerSecond),
    ...{ frames: added, refused: refused.corrupt + refused.tooLarge },
    ...{ lost: lostBySource, outages },
  };
}

/** Thousandths are enough for people and plots. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

const PERIOD_MS = 1000;

/** Tells once a second that measurements have changed, while a camera does something. */
export class MeasurementTicks {
  readonly #tell: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(tell: () => void) {
    this.#tell = tell;
  }

  /** When it ends, the last values are told. */
  set isActive(isActive: boolean) {
    if (isActive) {
      this.#timer ??= setInterval(this.#tell, PERIOD_MS).unref();
      return;
    }
    if (this.#timer) this.#tell();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
