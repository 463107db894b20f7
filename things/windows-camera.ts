import { type CameraPreset, type PresetOptions, ProgramCamera } from "thingscope/frames";
import { Type } from "typebox";

const OPTIONS = {
  device: Type.String({ pattern: '^[^:"]{1,200}$' }),
  width: Type.Integer({ default: 1280, minimum: 1, maximum: 16_384, unit: "px" }),
  height: Type.Integer({ default: 720, minimum: 1, maximum: 16_384, unit: "px" }),
  framerate: Type.Number({ default: 30, minimum: 0.1, maximum: 1000, unit: "Hz" }),
};
type Options = PresetOptions<typeof OPTIONS>;

const WINDOWS: CameraPreset<typeof OPTIONS> = {
  options: OPTIONS,
  programs: [
    {
      program: "ffmpeg",
      pipeline: ({ device, width, height, framerate }) => ({
        pipeline: [
          ...["ffmpeg", "-f", "dshow", "-framerate", String(framerate)],
          ...["-video_size", `${width}x${height}`, "-i", `video=${device}`],
        ],
      }),
    },
  ],
  failures: [
    {
      says: /Unknown input format/i,
      code: "SOURCE_FAILED",
      sentence:
        "The ffmpeg of this computer has no dshow, which is for Windows. On Linux use V4L2Camera.",
    },
    {
      says: /Could not find video device|Could not enumerate video devices/i,
      code: "DISCONNECTED",
      sentence: ({ device }) =>
        `There is no camera '${device}'. List the names with: ffmpeg -f dshow -list_devices true -i dummy`,
    },
    {
      says: /Could not set video options|Could not run graph/i,
      code: "SOURCE_FAILED",
      sentence:
        "The camera does not have this size and rate, or another program uses it. Close that program, or set width, height and framerate to a mode of the camera.",
    },
  ],
};

/** A camera of Windows, by ffmpeg. Nobody has tried it yet: please report how it does. */
export class WindowsCamera extends ProgramCamera<typeof OPTIONS> {
  static override readonly title = "Windows camera";
  static override readonly description = "A camera of Windows, by ffmpeg.";

  constructor(options: Partial<Options> & Pick<Options, "device">) {
    super(WINDOWS, options);
  }
}
