import { type Static, Type } from "typebox";
import type { FocusCurve, SharpnessMeasure } from "./sharpness-monitor.ts";

/** More samples than that are thinned: every second one is left out. */
const MOST_SAMPLES = 1000;
const RUNS_KEPT = 4;
const TELL_EVERY_MS = 150;

const Steps = Type.Number({ unit: "steps" });
/** Sharpness over height, as far as it is known. */
export const FocusCurveSchema = Type.Object({
  run: Type.Integer({ minimum: 0, description: "Counts up; 0 before the first" }),
  state: Type.Enum(["idle", "sweeping", "found", "measured", "failed", "cancelled"]),
  measure: Type.String({ description: "What was measured of each frame" }),
  points: Type.Array(Type.Object({ x: Steps, y: Type.Number() }), {
    maxItems: MOST_SAMPLES,
    description: "Height and sharpness of each frame of the newest sweep",
  }),
  peak: Type.Union([Steps, Type.Null()], { description: "The sharpest height, once it is known" }),
});
export type FocusCurveValue = Static<typeof FocusCurveSchema>;

export const NO_CURVE: FocusCurveValue = {
  ...{ run: 0, state: "idle", measure: "jpeg_size", points: [], peak: null },
};

/** The curve of autofocus as it is measured, and those of the last runs. */
export class FocusCurves {
  #current: FocusCurveValue = NO_CURVE;
  #before: FocusCurveValue[] = [];
  #points: { x: number; y: number }[] = [];
  #share = 1;
  #seen = 0;
  #telling: ReturnType<typeof setTimeout> | undefined;
  readonly #tell: () => void;

  /** @param tell - Called when it has changed, seldom enough for a client to follow. */
  constructor(tell: () => void) {
    this.#tell = tell;
  }

  get current(): FocusCurveValue {
    return { ...this.#current, points: [...this.#points] };
  }

  /** Oldest first. */
  get before(): FocusCurveValue[] {
    return [...this.#before];
  }

  /** Begins a run. */
  begin(measure: SharpnessMeasure): void {
    if (this.#points.length > 0) this.#before = [...this.#before, this.current].slice(-RUNS_KEPT);
    this.#current = { ...NO_CURVE, run: this.#current.run + 1, state: "sweeping", measure };
    this.sweeps();
  }

  /** Begins a sweep: the points of the one before are no longer shown. */
  sweeps(): void {
    this.#points = [];
    this.#share = 1;
    this.#seen = 0;
    this.#soon();
  }

  add(x: number, y: number): void {
    this.#seen += 1;
    if (this.#seen % this.#share !== 0) return;
    if (this.#points.length === MOST_SAMPLES) {
      this.#points = this.#points.filter((_, n) => n % 2 === 1);
      this.#share *= 2;
    }
    this.#points.push({ x: Math.round(x * 10) / 10, y });
    this.#soon();
  }

  /** What a whole sweep gave, before the stage goes to its peak. */
  swept({ heights, sizes, peak }: FocusCurve): void {
    this.#current = { ...this.#current, peak: Math.round(peak.z * 10) / 10 };
    this.sweeps();
    for (const [n, height] of heights.entries()) this.add(height, sizes[n]!);
  }

  /** Ends the run. */
  end(state: "found" | "measured" | "failed" | "cancelled"): void {
    this.#current = { ...this.#current, state };
    clearTimeout(this.#telling);
    this.#telling = undefined;
    this.#tell();
  }

  #soon(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      this.#tell();
    }, TELL_EVERY_MS).unref();
  }
}
