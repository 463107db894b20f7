import { messageOf, ThingError } from "thingscope";
import { type V4l2Device, V4l2Modes, type WantedMode } from "thingscope/frames";

/** The mode that a camera is to stream in. It is set again where the device lost it, or another program changed it. */
export class CameraMode {
  readonly #device: V4l2Device;
  readonly #change: (words: string, signal?: AbortSignal) => Promise<void>;
  #wanted: WantedMode | undefined;
  /** The format that the device had, as JSON, when the mode was set, or turned out to be none of its modes. */
  #settled: string | undefined;

  /** @param wanted - By default as the device does, or in MJPEG up to 1280 x 720. @param change - Carries out a command for a mode. */
  constructor(
    device: V4l2Device,
    wanted: WantedMode | undefined,
    change: (words: string, signal?: AbortSignal) => Promise<void>,
  ) {
    this.#device = device;
    this.#wanted = wanted;
    this.#change = change;
  }

  /** @throws {ThingError} `NOT_READY`, `DISCONNECTED` where the device does not say. */
  get present(): WantedMode {
    this.#device.assertReady();
    const present = this.#modes?.present;
    if (!present) throw new ThingError("NOT_READY", "The camera does not say its mode.");
    return { ...present };
  }

  /** The words for it, if the device was there before: it is opened in it, which is sooner done than changing it afterwards. */
  get known(): string | undefined {
    const mode = this.#modeOf();
    try {
      return mode && this.#modes?.wordsFor(mode);
    } catch {
      return undefined; // it never had that mode: why is told when it is set
    }
  }

  /** @throws {ThingError} The device's refusal: then the earlier mode is wanted again. */
  async set(mode: WantedMode, signal: AbortSignal): Promise<void> {
    this.#device.assertReady();
    const before = this.#wanted;
    this.#wanted = mode; // a camera that comes back meanwhile gets this one
    try {
      await this.#set(mode, signal);
    } catch (error) {
      if (this.#wanted === mode) this.#wanted = before;
      throw error;
    }
  }

  /** Sets it again unless the device has the format that it got then. @returns Why it could not; undefined if it could. */
  async restore(signal?: AbortSignal): Promise<string | undefined> {
    const mode = this.#modeOf();
    if (!mode || this.#settled === this.#format) return undefined;
    try {
      if (this.#modes?.isPresent(mode)) this.#settled = this.#format;
      else await this.#set(mode, signal);
    } catch (error) {
      if (signal?.aborted) return undefined;
      if (error instanceof ThingError && error.code === "INVALID_INPUT")
        this.#settled = this.#format;
      return messageOf(error);
    }
    return undefined;
  }

  async #set(mode: WantedMode, signal: AbortSignal | undefined): Promise<void> {
    const words = this.#modes?.wordsFor(mode);
    if (words === undefined) return;
    await this.#change(words, signal);
    this.#settled = this.#format;
  }

  #modeOf(): WantedMode | undefined {
    return this.#wanted ?? this.#modes?.usual;
  }

  get #modes(): V4l2Modes | undefined {
    const { description } = this.#device;
    return description && new V4l2Modes(description);
  }

  get #format(): string | undefined {
    return JSON.stringify(this.#device.description?.format);
  }
}
