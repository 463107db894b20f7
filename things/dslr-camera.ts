import { ThingError } from "thingscope";
import {
  type CameraPreset,
  ControlledCamera,
  type ControlValues,
  type GphotoSetting,
  gphotoSettings,
  type PresetOptions,
  runProgram,
  type StillPicture,
  stillOf,
} from "thingscope/frames";
import { Type } from "typebox";

const OPTIONS = {
  port: Type.Optional(
    Type.String({
      description: "As gphoto2 --auto-detect lists it",
      pattern: "^(usb|ptpip|serial|usbscsi|disk):[\\w,./:]*$",
    }),
  ),
};
type Options = PresetOptions<typeof OPTIONS>;

const MISSING =
  "No still camera was found. Switch it on, connect it by USB, and set its USB mode to PTP or remote control; gphoto2 --auto-detect lists what is there.";

const DSLR: CameraPreset<typeof OPTIONS, ControlValues> = {
  options: OPTIONS,
  programs: [
    {
      program: "gphoto2",
      pipeline: (options) => ({
        pipeline: ["gphoto2", ...port(options), "--stdout", "--capture-movie"],
      }),
    },
  ],
  failures: [
    {
      // In each language: the numbers are those of libgphoto2's gphoto2-result.h and gphoto2-port-result.h.
      says: /Could not detect any camera|No camera found|\(-(105|52|5):/,
      code: "DISCONNECTED",
      sentence: MISSING,
    },
    {
      says: /Could not claim|\(-(53|60):|Could not lock/,
      code: "SOURCE_FAILED",
      sentence:
        "Another program has the camera open; on a desktop it is often gvfs-gphoto2-volume-monitor. Eject the camera in the file manager, or end that program. If none has, this user may not open it: sudo usermod -aG plugdev $USER, then log in again.",
    },
    {
      says: /\(-110:|I\/O in progress/i,
      code: "SOURCE_FAILED",
      sentence:
        "The camera is busy: it stores a picture, or shows a menu. Wait until its lamp is off, and leave the menu.",
    },
    {
      says: /\(-115:/,
      code: "SOURCE_FAILED",
      sentence: "The camera's card is full. Free space on it, or insert another one.",
    },
    {
      says: /\(-6: [^\n]*\n?[\s\S]*preview|doesn't support .*preview/i,
      code: "SOURCE_FAILED",
      sentence:
        "This camera has no live view by USB. Use capture for pictures of it, or read its HDMI output by a capture card and V4L2Camera.",
    },
    {
      says: /No such device|I\/O problem|\(-(7|10|34|35):|-1: 'Unspecified error'.*\n?.*preview/i,
      code: "DISCONNECTED",
      sentence:
        "The camera was switched off, went to sleep, or was unplugged. Switch it on, and switch its automatic power-off off.",
    },
  ],
  startMs: 60_000, // a picture may be taken meanwhile
  silenceMs: 5000,
};

/** A still camera that gphoto2 knows: its live view, its settings, its pictures. */
export class DslrCamera extends ControlledCamera<typeof OPTIONS> {
  static override readonly title = "Still camera";
  static override readonly description =
    "The live view of a DSLR or mirrorless camera. Its settings are properties; `capture` takes a picture of full size.";
  #settings: ReadonlyMap<string, GphotoSetting> = new Map();

  constructor(options: Partial<Options> = {}) {
    super(DSLR, options);
  }

  /** A picture of full size. The live view pauses for it. */
  override async takeStill(signal: AbortSignal): Promise<StillPicture> {
    const args = [...port(this.options), "--quiet", "--stdout", "--capture-image-and-download"];
    const take = (alone: AbortSignal) =>
      stillOf({ program: "gphoto2", args }, alone, (lines) => this.known(lines));
    return (await this.withDevice(take, signal)).result;
  }

  protected override async listControls(signal: AbortSignal): Promise<GphotoSetting[]> {
    const settings = gphotoSettings(await this.#run(["--list-all-config"], signal));
    this.#settings = new Map(settings.map((setting) => [setting.name, setting]));
    return settings;
  }

  protected override async setControls(values: ControlValues, signal: AbortSignal): Promise<void> {
    const words = Object.entries(values).flatMap(([name, value]) => {
      const path = this.#settings.get(name)?.path;
      const text = typeof value === "boolean" ? Number(value) : value;
      return path === undefined ? [] : ["--set-config-value", `${path}=${text}`];
    });
    await this.#run(words, signal);
  }

  /** @throws {ThingError} What gphoto2 says, in plain words where they are known. */
  async #run(words: readonly string[], signal: AbortSignal): Promise<string> {
    const command = { program: "gphoto2", args: [...port(this.options), ...words] };
    const limits = { timeoutMs: 30_000, mostBytes: 4 << 20, signal };
    const { code, output, errorLines } = await runProgram(command, limits);
    if (code === 0) return output.toString();
    const said = errorLines.filter((line) => /^\*\*\* |error|could not/i.test(line)).join(" ");
    throw (
      this.known(errorLines) ??
      new ThingError(
        "SOURCE_FAILED",
        `The camera refused it: ${said || `gphoto2 ended with code ${code}`}.`,
      )
    );
  }
}

function port({ port: given }: Options): string[] {
  return given === undefined ? [] : ["--port", given];
}
