import type { LiveThing } from "../things/live-thing.ts";
import { sentenceOf } from "../things/sentence-of.ts";
import { affordancesOf } from "../things/td.ts";

export type Axis = "x" | "y" | "z";
export type Steps = Partial<Record<Axis, number>>;

/** A jog goes on for as long as a button is held, and by this much beyond if this page vanishes. */
const JOG_AHEAD = 20;
const LEAST_JOG = 1000; // steps
const RENEW_MS = 250;
const STOP_MS = 5000;

/**
 * Moves one stage, with what its description has: LabThings' names. One move is under way at a time; what is asked for meanwhile is
 * added up, and done next. It dispatches `change` when it has something else to say.
 */
export class StageControl extends EventTarget {
  readonly thing: LiveThing;
  /** Why the last move was refused or failed, in the server's sentence. */
  problem = "";
  #pending: Steps | undefined;
  #moving: AbortController | undefined;
  #renewal: ReturnType<typeof setInterval> | undefined;
  #read: Steps | undefined;

  constructor(thing: LiveThing) {
    super();
    this.thing = thing;
  }

  has(action: string): boolean {
    return affordancesOf(this.thing.td).actions.has(action);
  }

  /** Steps; undefined until it is known. */
  get position(): Steps | undefined {
    const value = this.#read ?? this.thing.values.get("position")?.value;
    return typeof value === "object" && value !== null ? value : undefined;
  }

  get axes(): readonly Axis[] {
    const { position } = this;
    const all = ["x", "y", "z"] as const;
    const own = all.filter((axis) => position && axis in position); // also one that says no number just now
    return own.length > 0 ? own : all;
  }

  get isMoving(): boolean {
    return this.#moving !== undefined || this.thing.values.get("moving")?.value === true;
  }

  /** How far a step goes, um; undefined where the stage does not say. */
  stepSize(axis: Axis): number | undefined {
    const size = Object(this.thing.values.get("step_size_um")?.value)[axis];
    return typeof size === "number" && size > 0 ? size : undefined;
  }

  /** Moves by some steps. @param isRepeat - Of a held key: done only if nothing else waits. */
  moveBy(steps: Steps, isRepeat = false): void {
    if (isRepeat && (this.#pending || this.#moving)) return;
    const before = this.#pending ?? {};
    const sum = (axis: Axis) => (before[axis] ?? 0) + (steps[axis] ?? 0);
    const pending: Steps = {};
    for (const axis of ["x", "y", "z"] as const) if (sum(axis) !== 0) pending[axis] = sum(axis);
    this.#pending = pending;
    void this.#run();
  }

  /** Says what is wrong, as the panel shows it. */
  tell(problem: string): void {
    this.problem = problem;
    this.#changed();
  }

  /** Goes to a position; axes that are not named do not move. */
  async goTo(target: Steps): Promise<void> {
    await this.invoke("move_absolute", target);
  }

  /** Moves on until `endJog`, as long as this page is there. */
  jog(direction: Steps, step: number): void {
    this.endJog();
    const ahead = Math.max(LEAST_JOG, JOG_AHEAD * step);
    const steps = Object.fromEntries(
      Object.entries(direction).map(([axis, sign]) => [axis, sign * ahead]),
    );
    const again = () => void this.#quietly(() => this.#start("jog", steps));
    again();
    this.#renewal = setInterval(again, RENEW_MS);
  }

  endJog(): void {
    if (this.#renewal === undefined) return;
    clearInterval(this.#renewal);
    this.#renewal = undefined;
    void this.#quietly(() => this.#start("jog", { stop: true }));
  }

  /** Stops it at once, whoever moves it where it has `stop`; else what this page has begun. */
  async stop(): Promise<void> {
    this.#pending = undefined;
    clearInterval(this.#renewal);
    this.#renewal = undefined;
    const running = this.#moving;
    const stopping = this.#quietly(async () => {
      if (this.has("stop")) await this.#start("stop", {});
      else if (this.has("jog")) await this.#start("jog", { stop: true });
    });
    running?.abort(); // at once, too: the answer may take its time
    await stopping;
  }

  /** Runs an action that moves it, and says what came of it. */
  invoke(action: string, input: object): Promise<void> {
    return this.doing((signal) => this.thing.client?.invoke(action, input, { signal }));
  }

  /** The same of anything that moves it. */
  async doing(work: (signal: AbortSignal) => Promise<unknown> | undefined): Promise<void> {
    const moving = new AbortController();
    this.#moving = moving;
    this.tell("");
    try {
      await work(moving.signal);
    } catch (error) {
      const { message, code } = Object(error);
      if (!moving.signal.aborted && code !== "ACTION_CANCELLED") this.tell(String(message));
    }
    await this.#readPosition();
    if (this.#moving === moving) this.#moving = undefined;
    this.#changed();
  }

  async #run(): Promise<void> {
    if (this.#moving) return;
    for (let steps = this.#pending; steps; steps = this.#pending) {
      this.#pending = undefined;
      if (Object.keys(steps).length > 0) await this.invoke("move_relative", steps);
      if (this.problem !== "") this.#pending = undefined;
    }
  }

  async #start(action: string, input: object): Promise<void> {
    await this.thing.client?.actions[action]?.start(input, {
      signal: AbortSignal.timeout(STOP_MS),
    });
  }

  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      clearInterval(this.#renewal);
      this.#renewal = undefined;
      this.tell(sentenceOf(error));
    }
  }

  /** A stage whose position is not observable is asked where it has arrived. */
  async #readPosition(): Promise<void> {
    const schema = affordancesOf(this.thing.td).properties.get("position");
    if (!schema || schema.observable === true) return;
    const value = await this.thing.client?.read("position").catch(() => undefined);
    if (typeof value === "object" && value !== null) this.#read = value;
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}

const controls = new WeakMap<LiveThing, StageControl>();

/** The one control of a stage in this page. */
export function stageControl(thing: LiveThing): StageControl {
  const found = controls.get(thing) ?? new StageControl(thing);
  controls.set(thing, found);
  return found;
}
