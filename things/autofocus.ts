import {
  action,
  Camera,
  delay,
  type Invocation,
  property,
  Stage,
  slot,
  Thing,
  ThingError,
} from "thingscope";
import { type Static, Type } from "typebox";
import { FocusCurveSchema, FocusCurves, type FocusCurveValue } from "./focus-curve.ts";
import { isStopOf, orBack } from "./microscopy.ts";
import {
  type FocusCurve,
  type SharpnessData,
  type SharpnessMeasure,
  SharpnessMonitor,
} from "./sharpness-monitor.ts";

const MAX_SWEEPS = 3;
/** Fractions of a sweep: this close to an end, focus may be beyond it; even closer, it is. */
const NEAR_END = 5;
const AT_END = 20;
const MEASURES: SharpnessMeasure[] = [
  "jpeg_size",
  "brenner",
  "laplacianVariance",
  "normalisedVariance",
  "tenengrad",
];
const Measure = Type.Optional(
  Type.Enum(MEASURES, {
    description: "The measure that is highest in focus: the frame's bytes by default",
  }),
);
const Range = Type.Optional(
  Type.Integer({ minimum: 1, unit: "steps", default: 2000, description: "Height of the sweep" }),
);
const Start = Type.Optional(
  Type.Enum(["centre", "base"], {
    default: "centre",
    description: "Where in the sweep the stage is now",
  }),
);

const Sweep = Type.Object({ dz: Range, start: Start, measure: Measure });
type Sweep = Static<typeof Sweep>;
const Loop = Type.Object({
  ...Sweep.properties,
  max_attempts: Type.Optional(Type.Integer({ minimum: 1, default: 10 })),
});
type Loop = Static<typeof Loop>;
const Moves = Type.Object({
  dz: Type.Array(Type.Integer({ unit: "steps" }), { minItems: 1 }),
  wait: Type.Optional(Type.Number({ minimum: 0, unit: "s", description: "Between the moves" })),
  measure: Measure,
});
type Moves = Static<typeof Moves>;

const Seconds = Type.Number({ unit: "s", description: "Since 1970" });
const Steps = Type.Integer({ unit: "steps" });
const CURVE = {
  jpeg_times: Type.Array(Seconds, { description: "When each frame was captured" }),
  jpeg_sizes: Type.Array(Type.Integer({ unit: "B" })),
  focus_foms: Type.Array(Type.Number(), { description: "The measure of each frame" }),
  stage_times: Type.Array(Seconds, { description: "Beginning and end of each move" }),
  stage_positions: Type.Array(Type.Object({ x: Steps, y: Steps, z: Steps })),
};
const Curve = Type.Object(CURVE);
const FocusedCurve = Type.Object({
  ...CURVE,
  sharpest_z: Type.Integer({ unit: "steps", description: "The stage's position now" }),
  peak: Type.Object(
    { z: Type.Number({ unit: "steps" }), sharpness: Type.Number() },
    { description: "The top of the curve, between two frames; the sharpness is the sharper one's" },
  ),
});
const HeightsAndSizes = Type.Tuple([
  Type.Array(Type.Number({ unit: "steps" })),
  Type.Array(Type.Number()),
]);

/** Finds the height at which the picture is sharpest. The algorithms and their names are OpenFlexure's. */
export class Autofocus extends Thing {
  static override readonly title = "Autofocus";
  static override readonly types: readonly string[] = ["Autofocus"];
  static override readonly description =
    "Sweeps the stage in z, measures the sharpness of every frame, and goes to the sharpest height.";

  @slot("The camera", Camera)
  accessor camera!: Camera;

  @slot("The stage", Stage)
  accessor stage!: Stage;

  #isSweeping = false;
  readonly #curves = new FocusCurves(() => {
    this.changed("curve");
  });

  @property("Name of the Thing that is the camera", Type.String(), { readOnly: true })
  get camera_name(): string {
    return this.camera.name;
  }

  @property("Name of the Thing that is the stage", Type.String(), { readOnly: true })
  get stage_name(): string {
    return this.stage.name;
  }

  @property("Sharpness over height, as it is measured", FocusCurveSchema, {
    ...{ readOnly: true, observable: true },
  })
  get curve(): FocusCurveValue {
    return this.#curves.current;
  }

  @property("The curves of the runs before", Type.Array(FocusCurveSchema), { readOnly: true })
  get last_curves(): FocusCurveValue[] {
    return this.#curves.before;
  }

  @action("Sweep once, then go to the sharpest height from below. Goes back when cancelled", {
    input: Sweep,
    output: FocusedCurve,
  })
  async fast_autofocus(
    { dz = 2000, start = "centre", measure = "jpeg_size" }: Sweep,
    run: Invocation,
  ): Promise<Static<typeof FocusedCurve>> {
    return this.#measuring(measure, run, async (monitor) => {
      if (start === "centre") await monitor.move(-Math.round(dz / 2));
      run.progress(0.2, "Sweeping");
      const curve = await this.#sweepUp(monitor, dz, run);
      const { peak } = curve;
      run.progress(0.6, `Sharpest at z = ${Math.round(peak.z)}`);
      await monitor.move(-dz);
      await monitor.move(Math.round(peak.z) - this.stage.position.z);
      if (fromEnd(curve) < dz / AT_END) throw focusBeyond(this.stage.position.z, dz);
      if (fromEnd(curve) < dz / NEAR_END) run.log.info(mayBeBeyond(this.stage.position.z));
      run.progress(1);
      const sharpness = Math.max(...curve.sizes);
      const told = { sharpest_z: this.stage.position.z, peak: { z: peak.z, sharpness } };
      return { ...monitor.told, ...told };
    });
  }

  @action("Sweep until the sharpest height is well inside the sweep. Goes back when cancelled", {
    input: Loop,
    output: HeightsAndSizes,
  })
  async looping_autofocus(
    { dz = 2000, start = "centre", max_attempts = 10, measure = "jpeg_size" }: Loop,
    run: Invocation,
  ): Promise<Static<typeof HeightsAndSizes>> {
    return this.#measuring(measure, run, async (monitor) => {
      for (let attempt = 0; attempt < max_attempts; attempt++) {
        run.progress(attempt / max_attempts, `Sweep ${attempt + 1}`);
        if (start === "centre" || attempt > 0) {
          await this.stage.move_relative({ z: -Math.round(dz / 2), backlash_compensation: 1 }, run);
        }
        const curve = await this.#sweepUp(monitor, dz, run);
        const z = Math.round(curve.peak.z);
        await this.stage.move_absolute({ z, backlash_compensation: 1 }, run);
        if (fromEnd(curve) >= dz / NEAR_END) return [curve.heights, curve.sizes];
        run.log.info(mayBeBeyond(z));
      }
      throw new ThingError(
        "NO_FOCUS",
        `No focus was found in ${max_attempts} sweeps of ${dz} steps: the sharpest frame was always near an end. ` +
          `Check that there is a sample, move closer to focus by hand, or make dz larger.`,
      );
    });
  }

  @action("Move in z repeatedly and measure the sharpness", { input: Moves, output: Curve })
  async z_move_and_measure_sharpness(
    { dz, wait = 0, measure = "jpeg_size" }: Moves,
    run: Invocation,
  ): Promise<SharpnessData> {
    this.#curves.begin(measure);
    using monitor = this.#monitor(measure, run);
    this.#isSweeping = true;
    try {
      for (const [n, steps] of dz.entries()) {
        if (n > 0 && wait > 0) await delay(wait * 1000, run.signal);
        await monitor.move(steps);
        run.progress((n + 1) / dz.length);
      }
      return monitor.told;
    } finally {
      this.#isSweeping = false;
      this.#curves.end("measured");
    }
  }

  /** Runs what looks for the focus: its curve is told, and a cancelled run goes back to the height where it began. */
  async #measuring<T>(
    measure: SharpnessMeasure,
    run: Invocation,
    work: (monitor: SharpnessMonitor) => Promise<T>,
  ): Promise<T> {
    this.#curves.begin(measure);
    using monitor = this.#monitor(measure, run);
    try {
      const result = await orBack(this.stage, run, ["z"], () => work(monitor));
      this.#curves.end("found");
      return result;
    } catch (error) {
      this.#curves.end(run.signal.aborted || isStopOf(error) ? "cancelled" : "failed");
      throw error;
    }
  }

  #monitor(measure: SharpnessMeasure, run: Invocation): SharpnessMonitor {
    const { camera, stage } = this;
    return new SharpnessMonitor({ camera, stage, measure }, run, (capturedAt, sharpness) => {
      if (this.#isSweeping) this.#curves.add(stage.positionAt(capturedAt).z, sharpness);
    });
  }

  /** One sweep, or more if frames were lost just where the picture was sharpest. */
  async #sweepUp(monitor: SharpnessMonitor, dz: number, run: Invocation): Promise<FocusCurve> {
    for (let sweep = 1; ; sweep++) {
      this.#curves.sweeps();
      this.#isSweeping = true;
      const move = await monitor.move(dz).finally(() => {
        this.#isSweeping = false;
      });
      const curve = monitor.curveOf(move);
      this.#curves.swept(curve);
      if (!curve.peak.hasGap || sweep === MAX_SWEEPS) return curve;
      run.log.warn("Frames were lost where the picture was sharpest: sweeping again.");
      await monitor.move(-dz);
    }
  }
}

/** How far the sharpest sample is from the nearer end of its sweep, steps. */
function fromEnd({ heights, peak }: FocusCurve): number {
  return Math.min(peak.sampleZ - Math.min(...heights), Math.max(...heights) - peak.sampleZ);
}

function mayBeBeyond(z: number): string {
  return `Sharpest at z = ${z}, close to the end of the sweep: it may be beyond.`;
}

function focusBeyond(z: number, dz: number): ThingError {
  return new ThingError(
    "NO_FOCUS",
    `No focus in the sweep of ${dz} steps: the sharpest frame was at its end, z = ${z}, where the stage is now. ` +
      `Focus is likely beyond: run it again from here, use looping_autofocus, or make dz larger. Check that there is a sample.`,
  );
}
