import { isDeepStrictEqual } from "node:util";
import type { TProperties } from "typebox";
import { withDeadline } from "../base/abort.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { type DeviceControl, groupOf } from "./device-control.ts";
import { ProgramCamera } from "./program-camera.ts";

/** A device that is asked when the camera opens has this long, ms: after that it is asked again when frames are wanted. */
const OPEN_MS = 10_000;
/** A write waits for the program's end, the device, and the first frame after it, ms. */
const WRITE_MS = 45_000;
const PAUSES = "Setting it interrupts the pictures for a moment.";

/** Values of controls, by name. */
export type ControlValues = Readonly<Record<string, unknown>>;

/**
 * A camera whose device has controls that cannot be set while its program streams: they are properties of their own; writing one ends
 * the program, sets the control, and starts the program again.
 */
export abstract class ControlledCamera<P extends TProperties> extends ProgramCamera<
  P,
  ControlValues
> {
  readonly #controls = new Map<string, DeviceControl>();
  /** What was set here, in this order: a device that was switched off has forgotten it. */
  readonly #set = new Map<string, unknown>();
  #isListed = false;

  /** The controls that the device has now. Called while nothing else uses the device. @throws {ThingError} `DISCONNECTED`. */
  protected abstract listControls(signal: AbortSignal): Promise<readonly DeviceControl[]>;

  /** Sets controls in the device, while nothing else uses it. @throws {ThingError} The device's refusal. */
  protected abstract setControls(values: ControlValues, signal: AbortSignal): Promise<void>;

  override async open(): Promise<void> {
    await withDeadline(OPEN_MS, new AbortController().signal, (signal) =>
      this.#alone((alone) => this.#list(alone), signal),
    ).catch((error) => this.log.warn(`Its controls are not known yet: ${messageOf(error)}`));
    await super.open();
  }

  protected override async find(signal: AbortSignal): Promise<ControlValues> {
    // One that has failed may have been switched off, or be another one.
    const isNew = !this.#isListed || this.mjpeg_stream.source.isFaulty;
    if (isNew && this.#set.size > 0) await this.setControls(Object.fromEntries(this.#set), signal);
    if (isNew) await this.#list(signal);
    return this.values;
  }

  /** The values that the controls have, as far as they are known. */
  protected get values(): ControlValues {
    return Object.fromEntries([...this.#controls].map(([name, { value }]) => [name, value]));
  }

  /**
   * Does `work` while its program does not run and nothing else uses the device. If it ran, it is started again.
   * @returns What the work gave, and the wait for the first frame after it.
   */
  protected async withDevice<T>(
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<{ readonly result: T; readonly resumed: Promise<void> }> {
    const wasRunning = this.device.isRunning;
    const alone = this.#alone(work, signal); // it is next, before the program that is started again
    const resumed = wasRunning ? this.restartSource(signal) : Promise.resolve();
    resumed.catch(() => {}); // who does not wait for it sees it in the state
    return { result: await alone, resumed };
  }

  /** Has the device do something, after which its controls may be others, and waits until the pictures come again. */
  protected async command(
    work: (signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const { resumed } = await this.withDevice(async (alone) => {
      await work(alone);
      await this.#list(alone);
    }, signal);
    await resumed;
  }

  async #alone<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const release = await this.device.device(signal);
    try {
      return await work(signal);
    } finally {
      release();
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const controls = await this.listControls(signal);
    const names = new Set(controls.map(({ name }) => name));
    for (const name of [...this.#controls.keys()].filter((one) => !names.has(one))) {
      this.#controls.delete(name);
      this.removeProperty(name);
    }
    for (const control of controls) this.#declare(control);
    this.#isListed = true;
  }

  #declare(control: DeviceControl): void {
    const { name, title, schema, isReadOnly = false, group = groupOf(name) } = control;
    const before = this.#controls.get(name);
    this.#controls.set(name, control);
    if (before && isDeepStrictEqual({ ...before, value: 0 }, { ...control, value: 0 })) {
      if (!isDeepStrictEqual(before.value, control.value)) this.changed(name);
      return;
    }
    const about = [control.description ?? title, isReadOnly ? "" : PAUSES].filter(Boolean);
    this.addProperty({
      ...{ name, title, schema, types: [group], observable: true, withinMs: WRITE_MS },
      description: about.map((text) => text.replace(/\.?$/, ".")).join(" "),
      read: () => this.values[name] as never,
      ...(!isReadOnly && {
        saved: true,
        write: (value: unknown, signal: AbortSignal) => this.#write(name, value, signal),
      }),
    });
  }

  /** If no frame comes with the new value, the old one is set again. */
  async #write(name: string, value: unknown, signal: AbortSignal): Promise<void> {
    const [before, wasSet, begun] = [this.values[name], this.#set.has(name), performance.now()];
    const set = (to: unknown) => this.withDevice((alone) => this.#apply(name, to, alone), signal);
    const { resumed } = await set(value);
    try {
      await resumed;
    } catch (cause) {
      await set(before).catch(() => {}); // its state says why
      if (!wasSet) this.#set.delete(name);
      throw new ThingError(
        "SOURCE_FAILED",
        `'${name}' of camera '${this.name}' keeps its old value, since no frame came with the new one. ${messageOf(cause)}`,
        { cause },
      );
    }
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    this.log.info(`'${name}' was set; the pictures were away for ${seconds} s at most.`);
  }

  async #apply(name: string, value: unknown, signal: AbortSignal): Promise<void> {
    await this.setControls({ [name]: value }, signal);
    this.#set.set(name, value);
    await this.#list(signal); // one control moves the limits of others
  }
}
