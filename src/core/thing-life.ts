import { abortable, within } from "../base/abort.ts";
import type { Attempt } from "../base/attempt.ts";
import { deviceTrouble } from "../base/device-trouble.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { Supervisor } from "../base/supervise.ts";
import type { HostedThing } from "./hosted-thing.ts";
import { runAsThing } from "./running.ts";
import type { ThingState } from "./thing-state.ts";

/** What one Thing's life takes from its host. */
interface LifeOptions {
  readonly log: Log;
  readonly openWithinMs: number;
  readonly closeWithinMs: number;
  /** Pauses before a Thing that became disconnected is opened again, ms: the first, and the longest. */
  readonly reopenAfterMs: readonly [number, number];
  /** Fills its slots. @throws {ThingError} `BAD_CONFIG`. */
  readonly connectSlots: () => void;
  /** Makes sure that no other process writes into the folder of the settings. @throws {ThingError} `SETTINGS_IN_USE`. */
  readonly claimFolder: () => Promise<void>;
  /** Cancels the actions that still run. */
  readonly cancelActions: () => void;
  readonly onState: (hosted: HostedThing) => void;
}

/** How long an `open` that is out of time may still take to end before the next one begins, ms. */
const LATE_OPEN_MS = 1000;
/** One that held this long, ms, was a connection: the next pause is the first again. */
const HELD_MS = 60_000;

/**
 * Opens and closes one Thing, one after the other: `open` and `close` of its class never run at the same time, unless
 * an `open` does not end when it has to.
 */
export class ThingLife {
  readonly hosted: HostedThing;
  readonly #options: LifeOptions;
  /** Opens it again when it was open and has become disconnected. */
  readonly #supervisor: Supervisor;
  /** Whether it was open since it was closed last. */
  #wasOpen = false;
  /** Ends when all steps that were asked for have been taken. */
  #turn: Promise<unknown> = Promise.resolve();
  #attempt: { readonly abort: AbortController; readonly ended: Promise<void> } | undefined;
  #closing: Promise<void> | undefined;
  /** An `open` of the class that has not ended. */
  #unfinished: Promise<unknown> | undefined;
  /** Whether `open` of the class was called since its last `close`. */
  #isTaken = false;
  /** Why it became disconnected while it was opening. */
  #lost: string | undefined;

  constructor(hosted: HostedThing, options: LifeOptions) {
    this.hosted = hosted;
    this.#options = options;
    const [firstMs, longestMs] = options.reopenAfterMs;
    this.#supervisor = new Supervisor((attempt) => this.#keepOpen(attempt), {
      ...{ pauses: { firstMs, longestMs }, goodAfterMs: HELD_MS, isBackground: true },
    });
    hosted.nextTry = () => this.#supervisor.status.nextTryAt;
  }

  /**
   * Connects the slots, loads the settings and opens it, unless it is open. Resolves in any case: see its `state` and
   * `reason`. Calls that overlap share one attempt.
   * @param before - What has to end before the class's `open` is called. Asked for once the slots are connected.
   */
  open(before: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    if (this.#attempt && !this.#attempt.abort.signal.aborted) return this.#attempt.ended;
    if (this.hosted.state === "open" && !this.#closing) return Promise.resolve();
    this.#supervisor.retry(); // it shares this attempt
    const abort = new AbortController();
    const isIdle = !this.#closing && !this.#attempt;
    if (isIdle) this.#begin();
    const ended = this.#inTurn(() => this.#open(before, abort.signal, isIdle)).finally(() => {
      if (this.#attempt?.abort === abort) this.#attempt = undefined;
    });
    this.#attempt = { abort, ended };
    this.hosted.opening = ended;
    return ended;
  }

  /** Closes it, also while it opens. Never rejects: failures are logged. */
  close(limitMs: number = this.#options.closeWithinMs): Promise<void> {
    const deadline = performance.now() + limitMs;
    this.#wasOpen = false;
    void this.#supervisor.stop();
    this.#attempt?.abort.abort(deadline);
    this.#closing ??= this.#inTurn(() => this.#close(deadline)).finally(() => {
      this.#closing = undefined;
    });
    return this.#closing;
  }

  /** Puts changed settings on disk, within `limitMs`. Never rejects: failures are logged. */
  async saveSettings(limitMs: number): Promise<void> {
    const { name, settings } = this.hosted;
    const late = () => new ThingError("NOT_SAVED", `saving takes longer than ${seconds(limitMs)}.`);
    try {
      await within(settings.saveIfChanged(), limitMs, late);
    } catch (error) {
      this.#options.log.error(`The settings of '${name}' could not be saved: ${messageOf(error)}`);
    }
  }

  /** Its hardware has gone: it is closed, and opened again after a pause, again and again. */
  disconnected(reason: string): void {
    const { state, name } = this.hosted;
    if (state === "opening") this.#lost = reason;
    if (state !== "open" || this.#closing) return;
    this.hosted.disconnections += 1;
    this.#setState("disconnected", reason);
    this.#options.log.warn(`Thing '${name}' is disconnected: ${reason}`);
    this.#options.cancelActions();
    void this.#inTurn(async () => {
      this.hosted.settings.detach();
      await this.#closeQuietly(this.#options.closeWithinMs);
    });
    this.#supervisor.fail(new Error(reason));
  }

  /** From when it is open until it is disconnected or closed. */
  async #keepOpen(attempt: Attempt): Promise<void> {
    await this.open();
    if (this.hosted.state !== "open") throw new Error(this.hosted.reason);
    attempt.heartbeat();
    const { signal } = attempt;
    if (!signal.aborted) await new Promise((end) => signal.addEventListener("abort", end));
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(step);
    this.#turn = result.catch(() => {});
    return result;
  }

  #begin(): void {
    this.#setState("opening");
    this.#lost = undefined;
  }

  async #open(
    before: () => Promise<unknown>,
    signal: AbortSignal,
    hasBegun: boolean,
  ): Promise<void> {
    if (signal.aborted) return;
    if (!hasBegun) this.#begin();
    const { openWithinMs, connectSlots, claimFolder } = this.#options;
    const { settings, name, model, instance } = this.hosted;
    const slow = () =>
      new ThingError("NOT_READY", `Its settings were not read within ${seconds(openWithinMs)}.`);
    try {
      if (model.refusals.length > 0) throw new ThingError("BAD_ARGUMENT", model.refusals.join(" "));
      connectSlots();
      await within(abortable(settings.load(signal), signal), openWithinMs, slow);
      await abortable(before(), signal);
      await this.#openInTime(signal);
      instance.endOpening();
      if (settings.isNeeded) await claimFolder();
      await within(abortable(settings.attach(), signal), openWithinMs, slow);
      if (this.#lost !== undefined) throw new ThingError("NOT_READY", this.#lost);
      this.#setState("open");
      if (signal.aborted) return; // it is closed next
      if (!this.#wasOpen) this.#supervisor.forget();
      this.#wasOpen = true;
      this.#supervisor.start();
    } catch (error) {
      if (signal.aborted) return; // whoever did that closes it
      this.#setState(this.#wasOpen ? "disconnected" : "failed", reasonOf(error));
      this.#options.log.error(`Thing '${name}' could not open: ${this.hosted.reason}`);
      settings.detach();
      await this.#closeQuietly(this.#options.closeWithinMs);
    }
  }

  /** One that never ends opening must not keep the others from it. What it takes after all is released. */
  async #openInTime(signal: AbortSignal): Promise<void> {
    const { openWithinMs } = this.#options;
    await this.#settleEarlier(Math.min(LATE_OPEN_MS, openWithinMs));
    signal.throwIfAborted();
    this.#isTaken = true;
    const { thing, faults, instance } = this.hosted;
    instance.beginOpening();
    const opening = runAsThing(faults, async () => thing.open());
    let isLeft = false;
    const settled = opening.then(
      () => (isLeft ? this.#releaseLate() : undefined),
      () => {}, // told below, or too late to matter
    );
    const unfinished = settled.finally(() => {
      if (this.#unfinished === unfinished) this.#unfinished = undefined;
    });
    this.#unfinished = unfinished;
    const late = () =>
      new ThingError(
        "NOT_READY",
        `open() did not end within ${seconds(openWithinMs)}: check its device.`,
      );
    try {
      await within(untilBrokenOff(opening, signal), openWithinMs, late);
    } catch (error) {
      isLeft = true;
      throw error;
    }
  }

  /** An earlier `open` that was out of time had better end before the next. */
  async #settleEarlier(limitMs: number): Promise<void> {
    const late = () => new ThingError("NOT_READY", "");
    const hangs = () => {}; // the next may do better
    if (this.#unfinished) await within(this.#unfinished, limitMs, late).catch(hangs);
    if (this.#isTaken) await this.#closeQuietly(this.#options.closeWithinMs);
  }

  /** An `open` has ended for which nobody waits: what it took is released, unless a later one holds the Thing. */
  #releaseLate(): void {
    this.#isTaken = true;
    void this.#inTurn(async () => {
      if (this.hosted.state !== "open" && this.#isTaken)
        await this.#closeQuietly(this.#options.closeWithinMs);
    });
  }

  async #close(deadline: number): Promise<void> {
    const { settings, state } = this.hosted;
    if (state === "closed" && !this.#isTaken) return;
    this.#setState("closing");
    settings.detach();
    if (this.#isTaken) await this.#closeQuietly(Math.max(1, deadline - performance.now()));
    await within(settings.idle(), Math.max(1, deadline - performance.now()), () => {
      return new ThingError("NOT_SAVED", "The deadline has come.");
    }).catch(() => {}); // the save itself tells what becomes of it
    this.#setState("closed");
  }

  async #closeQuietly(limitMs: number): Promise<void> {
    const { thing, name, faults } = this.hosted;
    this.#isTaken = false;
    const closing = runAsThing(faults, async () => thing.close());
    const late = () => new ThingError("INTERNAL", `it takes longer than ${seconds(limitMs)}`);
    try {
      await within(closing, limitMs, late);
    } catch (error) {
      this.#options.log.error(`Thing '${name}' did not close cleanly: ${messageOf(error)}`);
    }
  }

  #setState(state: ThingState, reason?: string): void {
    this.hosted.become(state, reason);
    this.#options.onState(this.hosted);
  }
}

/** What `opening` comes to; once `signal` aborts, it has half of the time until the deadline that is the reason. */
async function untilBrokenOff(opening: Promise<void>, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const broken = new Promise<never>((_, reject) => {
    const onAbort = () => {
      const left = Math.max(0, Number(signal.reason) - performance.now()) / 2;
      timer = setTimeout(() => reject(signal.reason), left);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    await Promise.race([opening, broken]);
  } finally {
    clearTimeout(timer);
  }
}

/** Plain words for what the system says of a video device; other devices have other ways out. */
function reasonOf(error: unknown): string {
  const said = messageOf(error);
  return (VIDEO.test(said) && deviceTrouble(said)) || said;
}
const VIDEO = /\/dev\/video|v4l2|video4linux|libcamera/i;

function seconds(ms: number): string {
  return `${Number((ms / 1000).toPrecision(2))} s`;
}
