import { type Static, Type } from "typebox";
import { abortable } from "../base/abort.ts";
import { now } from "../base/clock.ts";
import { ThingError } from "../base/errors.ts";
import { action, property, setting } from "../core/decorators.ts";
import type { Invocation } from "../core/invocation.ts";
import { Thing } from "../core/thing.ts";

const AXES = ["x", "y", "z"] as const;
type Axis = (typeof AXES)[number];

const Steps = Type.Integer({ unit: "steps" });
const PositionSchema = Type.Object({ x: Steps, y: Steps, z: Steps });
/** Controllers of motors count in 32 bits. */
const MOST_STEPS = 2_147_483_647;
const Way = Type.Integer({ unit: "steps", minimum: -MOST_STEPS, maximum: MOST_STEPS });
const SomeAxes = { x: Type.Optional(Way), y: Type.Optional(Way), z: Type.Optional(Way) };

/** A stage's position, steps. */
export type Position = Static<typeof PositionSchema>;

const SlackSteps = Type.Integer({ unit: "steps", minimum: 0 });
const Slack = Type.Object({ x: SlackSteps, y: SlackSteps, z: SlackSteps });
const Flags = Type.Object({ x: Type.Boolean(), y: Type.Boolean(), z: Type.Boolean() });
type Flags = Static<typeof Flags>;
const Micrometres = Type.Number({ unit: "um", exclusiveMinimum: 0 });

const Compensation = Type.Enum([0, 1, 2], {
  description:
    "Backlash compensation: end the move upwards, beyond backlash_steps. 0: no axis, 1: z, 2: all axes",
});
type Compensation = Static<typeof Compensation>;

const Move = Type.Object({
  ...SomeAxes,
  block_cancellation: Type.Optional(
    Type.Boolean({ description: "Finish this move even if its invocation is cancelled" }),
  ),
  backlash_compensation: Type.Optional(Compensation),
});
type Move = Static<typeof Move>;

const Jog = Type.Object({
  ...SomeAxes,
  stop: Type.Optional(Type.Boolean({ description: "Only stop the current jog" })),
});
type Jog = Static<typeof Jog>;

const EpochMs = Type.Number({ unit: "ms", description: "Since 1970, on the clock of the frames" });
const MotionSchema = Type.Object({
  startedAt: EpochMs,
  endedAt: EpochMs,
  from: PositionSchema,
  to: PositionSchema,
});

/** A straight move as performed: position over time, on the clock that stamps frames. */
export type Motion = Static<typeof MotionSchema>;

/** Base class of stages. A subclass drives the motors; this class has the names that microscope clients know (OpenFlexure's). */
export abstract class Stage extends Thing {
  static override readonly title: string = "Stage";
  static override readonly types: readonly string[] = ["Stage"];
  #turn: Promise<unknown> = Promise.resolve();
  #stretches = 0;
  #jog: AbortController | undefined;
  #halt = new AbortController();

  /** The motors' position at a past or present time, epoch ms: exact, so fractional while they turn. */
  protected abstract motorsAt(time: number): Position;

  /** Drives the motors in a straight line. An abort stops them where they are and rejects. */
  protected abstract turnMotors(target: Position, signal?: AbortSignal): Promise<Motion>;

  /** Sets the motors' zero here. */
  protected abstract zeroMotors(): void | Promise<void>;

  @property("Names of the axes, in order", Type.Array(Type.String()), { readOnly: true })
  get axis_names(): string[] {
    return [...AXES];
  }

  @property("The stage's position", PositionSchema, { readOnly: true, observable: true })
  get position(): Position {
    const place = this.positionAt(now());
    return eachAxis((axis) => Math.round(place[axis]));
  }

  @property("Whether the stage moves", Type.Boolean(), { readOnly: true, observable: true })
  get moving(): boolean {
    return this.#stretches > 0;
  }

  @property(
    "How far a step moves each axis",
    Type.Object({ x: Micrometres, y: Micrometres, z: Micrometres }),
    { readOnly: true },
  )
  get step_size_um(): Position {
    return { x: 0.1, y: 0.1, z: 0.05 };
  }

  @setting("Backlash of each axis, which compensated moves take up", Slack)
  accessor backlash_steps: Position = { x: 200, y: 200, z: 200 };

  @setting("Axes that count in the opposite direction of their motor", Flags)
  accessor axis_inverted: Flags = { x: false, y: false, z: false };

  /** The stage's position at a past or present time, epoch ms: exact, so fractional while it moves. */
  positionAt(time: number): Position {
    return this.#flipped(this.motorsAt(time));
  }

  @action("Move by a number of steps", { input: Move, output: MotionSchema })
  move_relative(move: Move, run: Invocation): Promise<Motion> {
    return this.#move(move, run, (from) => eachAxis((axis) => from[axis] + (move[axis] ?? 0)));
  }

  @action("Move to a position; omitted axes do not move", { input: Move, output: MotionSchema })
  move_absolute(move: Move, run: Invocation): Promise<Motion> {
    return this.#move(move, run, (from) => eachAxis((axis) => move[axis] ?? from[axis]));
  }

  @action("Move to zero on all axes", { output: MotionSchema })
  move_to_origin(_: Record<string, never>, run: Invocation): Promise<Motion> {
    return this.#move({}, run, () => ({ x: 0, y: 0, z: 0 }));
  }

  @action("Move by a number of steps from here, replacing the current jog", {
    input: Jog,
    releases: ({ stop }: Jog) => stop === true,
    useGlobalLock: false,
  })
  async jog({ stop = false, x = 0, y = 0, z = 0 }: Jog, run: Invocation): Promise<void> {
    const before = this.#jog;
    before?.abort();
    if (stop) return;
    if (this.moving && !before) {
      throw new ThingError(
        "LOCK_BUSY",
        `Stage '${this.name}' is moving, so it did not jog. Wait until the move ends, or cancel it.`,
      );
    }
    const jog = new AbortController();
    this.#jog = jog;
    try {
      const target = (from: Position) => ({ x: from.x + x, y: from.y + y, z: from.z + z });
      await this.#travel(target, { signal: AbortSignal.any([run.signal, jog.signal]) });
    } catch (error) {
      if (!jog.signal.aborted) throw error;
    } finally {
      if (this.#jog === jog) this.#jog = undefined;
    }
  }

  @action("Stop at once: the move or jog, whoever began it, and what waits behind it", {
    ...{ releases: true, useGlobalLock: false },
  })
  async stop(): Promise<void> {
    const halt = this.#halt;
    this.#halt = new AbortController();
    this.#jog?.abort();
    halt.abort(stoppedError(this.name));
  }

  @action("Invert the direction of an axis, without moving", {
    input: Type.Object({ axis: Type.Enum(AXES) }),
  })
  async invert_axis_direction({ axis }: { axis: Axis }): Promise<void> {
    this.axis_inverted = { ...this.axis_inverted, [axis]: !this.axis_inverted[axis] };
    this.changed("position");
  }

  @action("Set the current position to zero, without moving")
  async set_zero_position(): Promise<void> {
    await this.zeroMotors();
    this.changed("position");
  }

  @action("The stage's position, as [x, y, z]", {
    output: Type.Tuple([Steps, Steps, Steps]),
    safe: true,
    useGlobalLock: false,
  })
  async get_xyz_position(): Promise<[number, number, number]> {
    const { x, y, z } = this.position;
    return [x, y, z];
  }

  @action("Move to [x, y, z]", {
    input: Type.Object({ xyz_pos: Type.Tuple([Way, Way, Way]) }),
    output: MotionSchema,
  })
  move_to_xyz_position(
    { xyz_pos: [x, y, z] }: { xyz_pos: [number, number, number] },
    run: Invocation,
  ): Promise<Motion> {
    return this.#move({}, run, () => ({ x, y, z }));
  }

  override thingState(): Record<string, unknown> {
    return { position: this.position };
  }

  #move(move: Move, run: Invocation, target: (from: Position) => Position): Promise<Motion> {
    this.#jog?.abort();
    const signal = move.block_cancellation ? undefined : run.signal;
    return this.#travel(target, { signal, compensation: move.backlash_compensation });
  }

  /** Queues moves one after the other. Resolves to the last segment: with compensation, the one that ends upwards. */
  #travel(
    target: (from: Position) => Position,
    {
      signal,
      compensation = 0,
    }: { signal: AbortSignal | undefined; compensation?: Compensation | undefined },
  ): Promise<Motion> {
    const before = this.#turn;
    const halt = this.#halt.signal;
    const either = signal ? AbortSignal.any([signal, halt]) : halt;
    const moving = abortable(before, either).then(async () => {
      const end = target(this.position);
      const below = eachAxis((axis) => end[axis] - this.#slack(axis, compensation));
      if (compensation !== 0) await this.#stretch(below, either);
      return this.#stretch(end, either);
    });
    const travel = moving.catch((error: unknown) => {
      throw halt.aborted ? halt.reason : error;
    });
    this.#turn = travel.then(
      () => before,
      () => before,
    );
    return travel;
  }

  #slack(axis: Axis, compensation: Compensation): number {
    const wanted = compensation === 2 || (compensation === 1 && axis === "z");
    return wanted ? this.backlash_steps[axis] : 0;
  }

  async #stretch(end: Position, signal: AbortSignal | undefined): Promise<Motion> {
    this.#stretches += 1;
    this.changed("moving");
    const ticks = setInterval(() => this.changed("position"), 100);
    try {
      const motion = await this.turnMotors(this.#flipped(end), signal);
      return { ...motion, from: this.#flipped(motion.from), to: this.#flipped(motion.to) };
    } finally {
      clearInterval(ticks);
      this.#stretches -= 1;
      this.changed("moving");
      this.changed("position");
    }
  }

  /** From the motors' count to the stage's, and back. */
  #flipped(position: Position): Position {
    return eachAxis((axis) => (this.axis_inverted[axis] ? 0 - position[axis] : position[axis]));
  }
}

function stoppedError(name: string): ThingError {
  return new ThingError(
    "ACTION_CANCELLED",
    `Stage '${name}' was stopped, so its move ended before its target. Look where it is, then move again.`,
  );
}

function eachAxis(value: (axis: Axis) => number): Position {
  return { x: value("x"), y: value("y"), z: value("z") };
}
