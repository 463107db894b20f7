import { delay, type Motion, now, type Position, Stage } from "thingscope";

/** Options of a SimulatedStage. */
export interface SimulatedStageOptions {
  /** Speed of the axis with the longest distance, steps per second. */
  readonly speed?: number;
  /** Its initial position, steps. */
  readonly start?: Partial<Position>;
}

/** A move that was made, or is being made. Moves that were cut short end where they were cut. */
interface Stretch extends Motion {
  endedAt: number;
  to: Position;
}

const STRETCHES_REMEMBERED = 64;
/** What a timer takes. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The stage of a simulated microscope: moves take time, and its position at any time is known exactly. */
export class SimulatedStage extends Stage {
  static override readonly title = "Simulated stage";
  static override readonly description =
    "The stage of the simulated microscope: x and y in steps of 0.1 µm, z in steps of 0.05 µm.";
  readonly #speed: number;
  #zero: Position = { x: 0, y: 0, z: 0 };
  #stretches: Stretch[];
  #power = new AbortController();

  constructor({ speed = 1000, start = {} }: SimulatedStageOptions = {}) {
    super();
    this.#speed = speed;
    const place = { x: 0, y: 0, z: 0, ...start };
    this.#stretches = [{ startedAt: 0, endedAt: 0, from: place, to: place }];
  }

  override open(): void {
    this.#power = new AbortController();
  }

  /** It stops at once, as a stage does that loses power. */
  override close(): void {
    this.#power.abort();
  }

  /** Where it really is, whatever has been called zero or inverted: what a camera on this microscope sees. */
  placeAt(time: number): Position {
    const stretch = this.#stretches.findLast(({ startedAt }) => startedAt <= time);
    return onTheWay(stretch ?? this.#stretches[0]!, time);
  }

  protected override motorsAt(time: number): Position {
    return minus(this.placeAt(time), this.#zero);
  }

  protected override async turnMotors(target: Position, stop?: AbortSignal): Promise<Motion> {
    const signal = AbortSignal.any(stop ? [stop, this.#power.signal] : [this.#power.signal]);
    signal.throwIfAborted();
    const startedAt = now();
    const from = this.placeAt(startedAt);
    const to = plus(target, this.#zero);
    const stepsToGo = Math.max(...Object.values(minus(to, from)).map(Math.abs));
    const endedAt = startedAt + (stepsToGo / this.#speed) * 1000;
    const stretch: Stretch = { startedAt, endedAt, from, to };
    this.#stretches = [...this.#stretches.slice(1 - STRETCHES_REMEMBERED), stretch];
    try {
      for (let left = endedAt - now(); left > 0; left = endedAt - now())
        await delay(Math.min(left, LONGEST_DELAY_MS), signal);
    } catch (error) {
      stretch.endedAt = now();
      stretch.to = rounded(onTheWay({ ...stretch, endedAt }, stretch.endedAt));
      throw error;
    }
    return { startedAt, endedAt, from: minus(from, this.#zero), to: target };
  }

  protected override zeroMotors(): void {
    this.#zero = rounded(this.placeAt(now()));
  }
}

function onTheWay({ startedAt, endedAt, from, to }: Motion, time: number): Position {
  const share = time >= endedAt ? 1 : (time - startedAt) / (endedAt - startedAt);
  const along = (a: number, b: number) => (share === 1 ? b : a + (b - a) * Math.max(0, share));
  return { x: along(from.x, to.x), y: along(from.y, to.y), z: along(from.z, to.z) };
}

function rounded({ x, y, z }: Position): Position {
  return { x: Math.round(x), y: Math.round(y), z: Math.round(z) };
}

function plus(a: Position, b: Position): Position {
  return { x: a.x + b.x, y: a.y + b.y, z: a.z + b.z };
}

function minus(a: Position, b: Position): Position {
  return { x: a.x - b.x, y: a.y - b.y, z: a.z - b.z };
}
