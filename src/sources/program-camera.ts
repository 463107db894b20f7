import { type TProperties, Type } from "typebox";
import type { ThingError } from "../base/errors.ts";
import { property } from "../core/decorators.ts";
import type { FrameSource } from "../frames/frame-source.ts";
import { Camera } from "../instruments/camera.ts";
import {
  type CameraPreset,
  checkedOptions,
  type PresetOptions,
  presetCommand,
  presetFailure,
} from "./camera-preset.ts";
import { Pipeline } from "./pipeline.ts";
import { ProgramSource } from "./program-source.ts";

const START_MS = 15_000;

/**
 * Base class of cameras whose pictures come from another program. A subclass gives its preset to `super`: the options, the
 * programs with their words, and what their complaints mean.
 */
export class ProgramCamera<P extends TProperties, Found = undefined> extends Camera {
  protected readonly options: PresetOptions<P>;
  protected readonly device: ProgramSource;
  readonly #preset: CameraPreset<P, Found>;

  /** @throws {ThingError} `BAD_CONFIG` for options that the preset refuses. */
  constructor(preset: CameraPreset<P, Found>, options: unknown) {
    const checked = checkedOptions(preset, options, new.target.name);
    super({ keep_warm: (checked as { keep_warm?: boolean }).keep_warm ?? false });
    this.#preset = preset;
    this.options = checked;
    this.device = new ProgramSource((signal) => this.#pipeline(signal));
  }

  @property(
    "The program that the pictures come from; empty until it has been started",
    Type.String(),
    {
      readOnly: true,
    },
  )
  get program(): string {
    return this.device.pipeline?.command.program ?? "";
  }

  @property("The last lines of the program's error output", Type.Array(Type.String()), {
    readOnly: true,
  })
  get error_lines(): string[] {
    return [...(this.device.pipeline?.state.errorLines ?? [])];
  }

  /** What the preset's pipelines need to know of the device. Asked before each start, while nothing else uses the device. */
  protected async find(_signal: AbortSignal): Promise<Found> {
    return undefined as Found; // a preset that needs more has a class that finds it
  }

  /** The error for what one of its programs said, if the preset knows it. */
  protected known(errorLines: readonly string[]): ThingError | undefined {
    return presetFailure(this.#preset, this.options, {}, errorLines);
  }

  protected override source(): FrameSource {
    return this.device;
  }

  protected override get patience() {
    const { start_ms: startMs = this.#preset.startMs ?? START_MS } = this.#common;
    const { silence_ms: silenceMs = this.#preset.silenceMs } = this.#common;
    return silenceMs === undefined ? { startMs } : { startMs, silenceMs };
  }

  get #common(): { start_ms?: number; silence_ms?: number } {
    return this.options as { start_ms?: number; silence_ms?: number };
  }

  async #pipeline(signal: AbortSignal): Promise<Pipeline> {
    const command = await presetCommand(this.#preset, this.options, await this.find(signal));
    return new Pipeline(command, {
      // What feeds the stream notices silence, and knows more of it.
      startMs: Number.POSITIVE_INFINITY,
      stallMs: Number.POSITIVE_INFINITY,
      explain: (exit, errorLines) => presetFailure(this.#preset, this.options, exit, errorLines),
      log: this.log,
    });
  }
}
