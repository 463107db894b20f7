import { within } from "../base/abort.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { HostedThing, ThingState } from "./hosted-thing.ts";
import { runAsThing } from "./running.ts";

/** What one Thing's life takes from its host. */
export interface LifeOptions {
  readonly log: Log;
  readonly openWithinMs: number;
  readonly closeWithinMs: number;
  /** Fills its slots. @throws {ThingError} `BAD_CONFIG`. */
  readonly connectSlots: () => void;
  readonly onState: (hosted: HostedThing) => void;
}

/** Opens and closes one Thing, and says how that went. */
export class ThingLife {
  readonly hosted: HostedThing;
  readonly #options: LifeOptions;

  constructor(hosted: HostedThing, options: LifeOptions) {
    this.hosted = hosted;
    this.#options = options;
  }

  /** Connects the slots and loads the settings. @returns Whether it may open. */
  async prepare(): Promise<boolean> {
    this.#setState("opening");
    try {
      this.#options.connectSlots();
      await this.hosted.settings.load();
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  /** @returns Whether it is open. */
  async open(): Promise<boolean> {
    try {
      await this.#openInTime();
      this.#setState("open");
      return true;
    } catch (error) {
      this.#fail(error);
      await this.#closeQuietly();
      return false;
    }
  }

  /** Closes it and saves its settings. Never rejects: failures are logged. */
  async close(): Promise<void> {
    await this.#closeQuietly();
    this.#setState("closed");
    await this.hosted.settings
      .save()
      .catch((error) =>
        this.#options.log.error(
          `The settings of '${this.hosted.name}' could not be saved: ${messageOf(error)}`,
        ),
      );
  }

  /** One that never ends opening must not keep the others from it. What it takes after all is let go of. */
  async #openInTime(): Promise<void> {
    const { openWithinMs } = this.#options;
    const { thing, faults } = this.hosted;
    const opening = runAsThing(faults, async () => thing.open());
    let isLate = false;
    opening.then(
      () => (isLate ? this.#closeQuietly() : undefined),
      () => {}, // told below, or too late to matter
    );
    await within(opening, openWithinMs, () => {
      isLate = true;
      return new ThingError("NOT_READY", `It had not opened after ${openWithinMs / 1000} s.`);
    });
  }

  async #closeQuietly(): Promise<void> {
    const { closeWithinMs, log } = this.#options;
    const { thing, faults } = this.hosted;
    const closing = runAsThing(faults, async () => thing.close());
    const late = () => new ThingError("INTERNAL", `it takes longer than ${closeWithinMs} ms`);
    try {
      await within(closing, closeWithinMs, late);
    } catch (error) {
      log.error(`Thing '${this.hosted.name}' did not close cleanly: ${messageOf(error)}`);
    }
  }

  #fail(error: unknown): void {
    this.#setState("failed", messageOf(error));
    this.#options.log.error(`Thing '${this.hosted.name}' could not open: ${this.hosted.reason}`);
  }

  #setState(state: ThingState, reason?: string): void {
    this.hosted.state = state;
    this.hosted.reason = reason;
    this.#options.onState(this.hosted);
  }
}
