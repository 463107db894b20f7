import {
  type Camera,
  type Frame,
  type Invocation,
  now,
  type Position,
  type Stage,
  ThingError,
  wallTime,
} from "thingscope";
import { decodeLuma, FOCUS_MEASURES } from "thingscope/frames";
import { type Peak, peakOf } from "./focus-peak.ts";
import { frameAfter } from "./microscopy.ts";

/** What is measured of each frame: its bytes, or one of the focus measures of its pixels. */
export type SharpnessMeasure = "jpeg_size" | keyof typeof FOCUS_MEASURES;

/** What was seen, with OpenFlexure's names. Times are seconds since 1970 on one clock. */
export interface SharpnessData {
  /** When each frame was captured. */
  jpeg_times: number[];
  jpeg_sizes: number[];
  /** The sharpness of each frame: its bytes, unless another measure was asked for. */
  focus_foms: number[];
  /** Beginning and end of each move. */
  stage_times: number[];
  stage_positions: Position[];
}

/** The part of it that belongs to one move: samples by height. */
export interface FocusCurve {
  readonly heights: number[];
  readonly sizes: number[];
  readonly peak: Peak;
}

/** Watches the sharpness of every frame while the stage moves in z. */
export class SharpnessMonitor implements Disposable {
  readonly data: SharpnessData = {
    jpeg_times: [],
    jpeg_sizes: [],
    focus_foms: [],
    stage_times: [],
    stage_positions: [],
  };
  readonly #camera: Camera;
  readonly #stage: Stage;
  readonly #run: Invocation;
  readonly #measure: SharpnessMeasure;
  readonly #ends: (() => void)[];
  readonly #onSample: (capturedAt: number, sharpness: number) => void;
  #measured: Promise<unknown> = Promise.resolve();

  /** @param onSample - Told of each frame as it is measured. */
  constructor(
    { camera, stage, measure }: { camera: Camera; stage: Stage; measure: SharpnessMeasure },
    run: Invocation,
    onSample: (capturedAt: number, sharpness: number) => void = () => {},
  ) {
    this.#onSample = onSample;
    this.#camera = camera;
    this.#stage = stage;
    this.#measure = measure;
    this.#run = run;
    const stream = camera.mjpeg_stream;
    this.#ends = [stream.demand.take(), stream.onFrame((frame) => this.#see(frame))];
  }

  [Symbol.dispose](): void {
    for (const end of this.#ends) end();
  }

  /** The same by the wall clock, as that is set now. */
  get told(): SharpnessData {
    const { jpeg_times, stage_times } = this.data;
    const toWall = (seconds: number) => wallTime(seconds * 1000) / 1000;
    const times = { jpeg_times: jpeg_times.map(toWall), stage_times: stage_times.map(toWall) };
    return { ...this.data, ...times };
  }

  /** Moves in z and takes down when and where. @returns which move of the data this is. */
  async move(dz: number): Promise<number> {
    await frameAfter(this.#camera, now(), this.#run);
    const { startedAt, endedAt, from, to } = await this.#stage.move_relative({ z: dz }, this.#run);
    this.data.stage_times.push(startedAt / 1000, endedAt / 1000);
    this.data.stage_positions.push(from, to);
    // The last frames of the move are still on their way.
    await frameAfter(this.#camera, endedAt, this.#run);
    await this.#measured;
    return this.data.stage_times.length - 2;
  }

  /**
   * Sharpness over z during one move: z between its ends follows from the time.
   * @throws {ThingError} `NO_FRAME` when too few frames were captured to tell a peak.
   */
  curveOf(move: number): FocusCurve {
    const { jpeg_times, focus_foms, stage_times, stage_positions } = this.data;
    const [start, end] = [stage_times[move]!, stage_times[move + 1]!];
    const [from, to] = [stage_positions[move]!.z, stage_positions[move + 1]!.z];
    const heights: number[] = [];
    const sizes: number[] = [];
    for (const [n, time] of jpeg_times.entries()) {
      if (time <= start || time > end) continue;
      heights.push(from + ((to - from) * (time - start)) / (end - start));
      sizes.push(focus_foms[n]!);
    }
    if (sizes.length < 3) {
      throw new ThingError(
        "NO_FRAME",
        `${sizes.length} frames of '${this.#camera.name}' were captured while the stage moved from ${from} to ${to}, ` +
          `which is too few to find the focus. Check that the camera streams, or increase dz.`,
      );
    }
    return { heights, sizes, peak: peakOf(heights, sizes, [from, to]) };
  }

  #see({ jpeg, capturedAt }: Frame): void {
    const n = this.data.jpeg_times.push(capturedAt / 1000) - 1;
    this.data.jpeg_sizes.push(jpeg.length);
    this.data.focus_foms.push(jpeg.length);
    if (this.#measure === "jpeg_size") {
      this.#onSample(capturedAt, jpeg.length);
      return;
    }
    const measure = FOCUS_MEASURES[this.#measure];
    const measured = this.#measured.then(async () => {
      const { data, width, height } = await decodeLuma(jpeg);
      const sharpness = measure(data, width, height);
      this.data.focus_foms[n] = sharpness;
      this.#onSample(capturedAt, sharpness);
    });
    measured.catch(() => {}); // whoever waits for it is told
    this.#measured = measured;
  }
}
