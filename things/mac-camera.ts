import { type CameraPreset, type PresetOptions, ProgramCamera } from "thingscope/frames";
import { Type } from "typebox";

const OPTIONS = {
  device: Type.String({ default: "0", pattern: '^[^:"]{1,200}$' }),
  width: Type.Integer({ default: 1280, minimum: 1, maximum: 16_384, unit: "px" }),
  height: Type.Integer({ default: 720, minimum: 1, maximum: 16_384, unit: "px" }),
  framerate: Type.Number({ default: 30, minimum: 0.1, maximum: 1000, unit: "Hz" }),
};
type Options = PresetOptions<typeof OPTIONS>;

const MAC: CameraPreset<typeof OPTIONS> = {
  options: OPTIONS,
  programs: [
    {
      program: "ffmpeg",
      pipeline: ({ device, width, height, framerate }) => ({
        pipeline: [
          ...["ffmpeg", "-f", "avfoundation", "-framerate", String(framerate)],
          ...["-video_size", `${width}x${height}`, "-i", device],
        ],
      }),
    },
  ],
  failures: [
    {
      says: /Unknown input format/i,
      code: "SOURCE_FAILED",
      sentence:
        "The ffmpeg of this computer has no avfoundation, which is for macOS. On Linux use V4L2Camera.",
    },
    {
      says: /Video device not found|Invalid device index|Input\/output error/i,
      code: "DISCONNECTED",
      sentence: ({ device }) =>
        `There is no camera '${device}'. List the names with: ffmpeg -f avfoundation -list_devices true -i ""`,
    },
    {
      says: /not authori[sz]ed|Failed to create AV capture input/i,
      code: "SOURCE_FAILED",
      sentence:
        "macOS does not let this program use the camera. Permit it in System Settings, Privacy & Security, Camera, for the terminal that it runs in.",
    },
    {
      says: /Selected (framerate|video size|pixel format)/i,
      code: "SOURCE_FAILED",
      sentence:
        "The camera does not have this size and rate. Set width, height and framerate to a mode of the camera; ffmpeg lists them in error_lines.",
    },
  ],
};

/** A camera of macOS, by ffmpeg. Nobody has tried it yet: please report how it does. */
export class MacCamera extends ProgramCamera<typeof OPTIONS> {
  static override readonly title = "macOS camera";
  static override readonly description = "A camera of macOS, by ffmpeg.";

  constructor(options: Partial<Options> = {}) {
    super(MAC, options);
  }
}
