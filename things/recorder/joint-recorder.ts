import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { action, type Invocation, messageOf, now, ThingError } from "thingscope";
import { captureTimes } from "thingscope/recording";
import type { BegunRecording } from "./begun-recording.ts";
import { ClockDrift, type FleetMoment, measuredClock, timeOf } from "./fleet-time.ts";
import { Begin, End, EndedSummary, Held, Times, TimesOf } from "./joint-schemas.ts";
import { RecordingsThing } from "./recordings-thing.ts";
import { Start } from "./schemas.ts";

/** How long a recording is held for a group that does not say when it begins, ms. */
const HELD_MS = 30_000;
/** Times in one answer: a message of NATS holds a mebibyte. */
const MOST_TIMES = 20_000;

interface HeldRecording {
  readonly id: string;
  readonly begun: BegunRecording;
  readonly drift: ClockDrift;
}

/** A Recorder that a group on another machine can begin and end at moments of the fleet's clock. */
export abstract class JointRecorder extends RecordingsThing {
  #held: HeldRecording | undefined;
  /** Of the one that is held, epoch ms on the clock of the frames: nothing is taken before. */
  #from = Number.POSITIVE_INFINITY;

  /** Which camera is recorded. */
  abstract get recorded_camera(): string;

  /** `start_recording` with the frames captured from some time on, epoch ms, which may be said later; and how to stop it. */
  abstract startAt(from: () => number, input: Start, signal?: AbortSignal): Promise<BegunRecording>;

  @action(
    "For groups on other machines: open a file, and take no frames before begin_recording says from when on",
    { input: Start, output: Held, synchronous: true, useGlobalLock: false },
  )
  async hold_recording(input: Start, run: Invocation): Promise<Held> {
    const clock = measuredClock();
    const id = randomUUID();
    const isThis = () => this.#held === undefined || this.#held.id === id;
    const from = () => (isThis() ? this.#from : Number.POSITIVE_INFINITY);
    const begun = await this.startAt(from, input, run.signal);
    this.#from = Number.POSITIVE_INFINITY;
    this.#held = { id, begun, drift: new ClockDrift() };
    setTimeout(() => this.#giveUp(id), HELD_MS).unref();
    const about = { camera: this.recorded_camera, host: hostname(), clock };
    return { id, ...about, file: begun.file };
  }

  @action(
    "For groups on other machines: say from when on the recording that is held takes frames",
    {
      ...{ input: Begin, synchronous: true, useGlobalLock: false },
    },
  )
  begin_recording({ id, ...moment }: Begin): void {
    this.#heldBy(id);
    const from = timeOf(moment);
    const lateMs = now() - from;
    if (lateMs > 0) throw late(this.name, lateMs);
    this.#from = from;
  }

  @action(
    "For groups on other machines: stop a recording at a moment of the fleet's clock, or at once, and finish the file",
    { input: End, output: EndedSummary, releases: true, useGlobalLock: false },
  )
  async end_recording({ id, at, reference, origin }: End, run: Invocation): Promise<EndedSummary> {
    const { begun, drift } = this.#heldBy(id);
    const isTimed = at !== undefined && reference !== undefined && origin !== undefined;
    const until = isTimed ? this.#until({ at, reference, origin }) : this.#untilNow;
    const summary = await begun.stop(until, run);
    const { ms } = drift;
    return { ...summary, ...(ms !== undefined && { driftMs: ms }) };
  }

  @action("When the frames of a recording were captured, 20,000 at a time", {
    ...{ input: TimesOf, output: Times, synchronous: true, safe: true, useGlobalLock: false },
  })
  async frame_times({ id, skip = 0 }: TimesOf): Promise<Times> {
    const { clock, times, hasMore } = await captureTimes(this.files.get(id).path, {
      ...{ skip, most: MOST_TIMES },
    });
    return { ...(clock && { clock }), times: [...times], hasMore };
  }

  /** One that cannot be compared, since the member whose clock it is by has gone meanwhile, is now: what ends must end. */
  #until(moment: FleetMoment): number {
    try {
      return timeOf(moment);
    } catch (error) {
      this.log.warn(`It ends at once, and not with the others of its group: ${messageOf(error)}`);
      return this.#untilNow;
    }
  }

  /** What has taken no frame yet takes none. */
  get #untilNow(): number {
    return Number.isFinite(this.#from) ? now() : 0;
  }

  /** @throws {ThingError} `NOT_READY` when there is no such recording. */
  #heldBy(id: string): HeldRecording {
    if (this.#held?.id === id) return this.#held;
    throw new ThingError(
      "NOT_READY",
      `'${this.name}' has no such recording any more: its server was started again, or nobody said within ${HELD_MS / 1000} s when it begins. Its files, if there are any, are in its list.`,
    );
  }

  /** The group that held it has gone, or is too slow. */
  #giveUp(id: string): void {
    if (this.#held?.id !== id || Number.isFinite(this.#from)) return;
    const { begun } = this.#held;
    this.#held = undefined;
    this.log.warn(
      `'${begun.file.name}' was held for a group that did not say within ${HELD_MS / 1000} s when it begins: it was given up.`,
    );
    begun.stop(0, { progress() {} }).catch((error) => this.log.warn(messageOf(error)));
  }
}

function late(name: string, lateMs: number): ThingError {
  return new ThingError(
    "NOT_READY",
    `'${name}' was told to begin ${(lateMs / 1000).toFixed(2)} s ago. Make 'lead_s' of the group larger, then start again.`,
  );
}
