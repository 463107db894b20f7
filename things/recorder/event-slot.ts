import { ThingError } from "thingscope";
import {
  type ContinuousSummary,
  VideoRecorder,
  type VideoRecorderOptions,
} from "thingscope/recording";
import type { State, Trigger } from "./schemas.ts";

/** What a slot needs of its Recorder. */
interface EventSlotOptions {
  /** How events are recorded; asked for whenever frames begin to be held. */
  readonly options: () => VideoRecorderOptions;
  /** Called when `state` may have changed. */
  readonly onChange: () => void;
}

/** What records a Recorder's events, while it is armed. */
export class EventSlot {
  readonly #options: EventSlotOptions;
  #recorder = "";
  #events: VideoRecorder | undefined;
  #disarming: Promise<unknown> | undefined;

  constructor(options: EventSlotOptions) {
    this.#options = options;
  }

  /** Undefined while no frames are held and nothing is closed. */
  get state(): State | undefined {
    if (this.#events) return this.#events.phase;
    return this.#disarming ? "finishing" : undefined;
  }

  /** Whether an event goes on until it is stopped. */
  get isHeld(): boolean {
    return this.#events?.isHeld ?? false;
  }

  /** Resolves when what was disarmed is closed. */
  get disarmed(): Promise<unknown> | undefined {
    return this.#disarming;
  }

  /** @param recorder - Whose it is, for sentences. */
  arm(isArmed: boolean, recorder: string): void {
    this.#recorder = recorder;
    if (isArmed === (this.#events !== undefined)) return;
    if (isArmed) {
      this.#events = new VideoRecorder(this.#options.options());
      return;
    }
    const disarming = Promise.all([this.#disarming, this.#events!.stop()]).finally(() => {
      if (this.#disarming === disarming) this.#disarming = undefined;
      this.#options.onChange();
    });
    this.#disarming = disarming;
    this.#events = undefined;
  }

  /**
   * Something happens now. @returns the path of its file, and why that takes no more frames, if it does not.
   * @throws {ThingError} `NOT_READY` while no frames are held; as `VideoRecorder.record`.
   */
  async record(
    { reason, max_delay = 1, until_stopped }: Trigger,
    onVideoFinished: (path: string, summary: ContinuousSummary["files"][number]["summary"]) => void,
  ): Promise<{ path: string; endReason: () => string | undefined }> {
    const events = this.#events;
    if (!events) {
      const why = `'${this.#recorder}' does not hold frames. Set its 'armed' to true first.`;
      throw new ThingError("NOT_READY", why);
    }
    try {
      const path = await events.record({
        ...{ maxDelaySec: max_delay, reason, untilStopped: until_stopped, onVideoFinished },
      });
      return { path, endReason: () => events.endReasonOf(path) };
    } catch (cause) {
      if (events === this.#events) throw cause;
      const why = `'${this.#recorder}' was disarmed or closed in the meantime. Set its 'armed' to true, then try again.`;
      throw new ThingError("NOT_READY", why, { cause });
    }
  }

  /** Ends the event that goes on until it is stopped. @returns how it went; undefined when there is none. */
  async stop(): Promise<ContinuousSummary | undefined> {
    return this.#events?.stopEvent();
  }
}
