import { basename } from "node:path";
import { type StoredFile, ThingError } from "thingscope";
import type { ContinuousRecording, ContinuousSummary } from "thingscope/recording";
import type { EventSlot } from "./event-slot.ts";
import type { State } from "./schemas.ts";

/** What stopping one tells of and when it takes no more frames. */
type StopOptions = Parameters<ContinuousRecording["stop"]>[0];

interface Taken {
  /** What it is to be called, until its first file is there. */
  name: string;
  readonly stopping: AbortController;
  readonly begun: Promise<ContinuousRecording>;
  recording: ContinuousRecording | undefined;
}

/** One that goes on, and the first of its files. */
export interface Begun {
  readonly recording: ContinuousRecording;
  readonly file: StoredFile;
}

/** What a slot needs of its Recorder. */
export interface SlotOptions {
  /** Called when `state` may have changed. */
  readonly onChange: () => void;
  /** A file as it is listed. */
  readonly listed: (path: string) => Promise<StoredFile>;
}

/** Why a recording has ended that was told to. */
const STOPPED = "stopped";

const NOTHING: ContinuousSummary = {
  ended: STOPPED,
  captured: 0,
  written: 0,
  dropped: 0,
  files: [],
};

/**
 * The recording of a Recorder that goes on until it is stopped. There is one at most, from the moment that it is asked for: the slot
 * is taken in the tick of the call, and free again when the last file is closed.
 */
export class ContinuousSlot {
  readonly #options: SlotOptions;
  #recorder = "";
  #taken: Taken | undefined;
  #isOpen = false;

  constructor(options: SlotOptions) {
    this.#options = options;
  }

  /** Undefined while there is none. */
  get state(): State | undefined {
    if (!this.#taken) return undefined;
    const { recording } = this.#taken;
    if (!recording) return "starting";
    return recording.endReason === undefined ? "recording" : "finishing";
  }

  /** @param recorder - Whose it is, for sentences. */
  open(recorder: string): void {
    this.#recorder = recorder;
    this.#isOpen = true;
  }

  /** Stops what there is, also while it begins, and lets nothing begin any more. */
  async close(): Promise<void> {
    this.#isOpen = false;
    if (this.#taken) await this.stop();
  }

  /**
   * Begins one. Whatever keeps it from beginning leaves nothing that records.
   * @param path - Of its file.
   * @param begin - Starts it, unless the signal aborts first.
   * @throws {ThingError} `LOCK_BUSY` when there is one; `NOT_READY` when the Recorder is closed; `ACTION_CANCELLED` when it was
   * stopped before it had begun; `RECORDING_FAILED` with the reason when it ended by itself before its file could be listed; and
   * what `begin` throws. The slot is free by then.
   */
  async start(
    path: string,
    begin: (signal: AbortSignal) => Promise<ContinuousRecording>,
    signal?: AbortSignal,
  ): Promise<Begun> {
    if (!this.#isOpen) throw new ThingError("NOT_READY", `'${this.#recorder}' is not open.`);
    if (this.#taken) throw this.#busy(this.#taken);
    const stopping = new AbortController();
    const either = signal ? AbortSignal.any([signal, stopping.signal]) : stopping.signal;
    const begun = Promise.resolve().then(() => begin(either));
    const taken: Taken = { name: basename(path), stopping, begun, recording: undefined };
    this.#taken = taken;
    this.#options.onChange();
    try {
      const recording = await begun;
      taken.recording = recording;
      const free = () => this.#free(taken);
      recording.ended.then(free, free);
      const file = await this.#options.listed(await recording.opened);
      stopping.signal.throwIfAborted();
      taken.name = file.name;
      this.#options.onChange();
      return { recording, file };
    } catch (error) {
      const why = taken.recording && (await whyEnded(taken.recording));
      this.#free(taken);
      throw why === undefined ? error : this.#ended(taken, why, error);
    }
  }

  /** Stops the one that there is, or that begins, and tells how it went. @throws {ThingError} `NOT_READY` when there is none. */
  async stop(options?: StopOptions): Promise<ContinuousSummary> {
    const taken = this.#taken;
    if (!taken) throw new ThingError("NOT_READY", `'${this.#recorder}' is not recording.`);
    if (!taken.recording) {
      taken.stopping.abort(this.#stopped(taken));
      await taken.begun.catch(() => {}); // reported to its caller
    }
    return taken.recording?.stop(options) ?? NOTHING;
  }

  #free(taken: Taken): void {
    if (this.#taken === taken) this.#taken = undefined;
    this.#options.onChange();
  }

  /** Its file may be gone with it: what is to be told is why it ended. */
  #ended(taken: Taken, why: string, cause: unknown): ThingError {
    if (why === STOPPED) return this.#stopped(taken);
    const sentence = `'${taken.name}' ended as soon as it had begun: ${why}. Fix that, then start again.`;
    return new ThingError("RECORDING_FAILED", sentence, { cause });
  }

  #stopped({ name }: Taken): ThingError {
    const why = `'${name}' was stopped before '${this.#recorder}' had started it.`;
    return new ThingError("ACTION_CANCELLED", why);
  }

  #busy({ name }: Taken): ThingError {
    const isEnding = this.state === "finishing";
    const what = isEnding ? `is still writing '${name}'` : `is already recording '${name}'`;
    const next = isEnding ? "Start again when that has ended" : "Stop that first";
    return new ThingError("LOCK_BUSY", `'${this.#recorder}' ${what}. ${next}.`);
  }
}

/** Stops what goes on. @returns why it had ended before; undefined when it had not. */
async function whyEnded(recording: ContinuousRecording): Promise<string | undefined> {
  const before = recording.endReason;
  const { ended } = await recording.stop();
  return before ?? (ended === STOPPED ? undefined : ended); // it may have been about to end
}

/** Stops what goes on of both, with what was captured until then. @throws {ThingError} `NOT_READY` when nothing goes on. */
export async function stopBoth(
  events: EventSlot,
  continuous: ContinuousSlot,
  options: StopOptions,
): Promise<ContinuousSummary> {
  const held = events.isHeld ? events.stop() : undefined;
  const isContinuous = continuous.state !== undefined || !held;
  const other = isContinuous ? continuous.stop(options) : undefined;
  return together(await held, await other);
}

/** How two that were stopped at once went. */
function together(
  one: ContinuousSummary | undefined,
  other: ContinuousSummary | undefined,
): ContinuousSummary {
  const both = [one, other].flatMap((summary) => summary ?? []);
  const sum = (of: "captured" | "written" | "dropped") =>
    both.reduce((all, summary) => all + summary[of], 0);
  return {
    ended: both.at(-1)?.ended ?? "stopped",
    captured: sum("captured"),
    written: sum("written"),
    dropped: sum("dropped"),
    files: both.flatMap(({ files }) => files),
  };
}
