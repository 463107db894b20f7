import { type CameraPreset, type PresetOptions, ProgramCamera } from "thingscope/frames";
import { Type } from "typebox";

const OPTIONS = {
  display: Type.String({ default: ":0", pattern: "^[A-Za-z0-9_.-]*:[0-9]+(\\.[0-9]+)?$" }),
  framerate: Type.Number({ default: 10, minimum: 0.1, maximum: 120 }),
};

const SCREEN: CameraPreset<typeof OPTIONS> = {
  options: OPTIONS,
  programs: [
    {
      program: "gst-launch-1.0",
      pipeline: ({ display, framerate }) => ({
        pipeline: `ximagesrc display-name={display} use-damage=false ! video/x-raw,framerate={rate}/1000 ! autovideosink`,
        parameters: { display, rate: Math.round(framerate * 1000) },
      }),
    },
    {
      program: "ffmpeg",
      pipeline: ({ display, framerate }) => ({
        pipeline: ["ffmpeg", "-f", "x11grab", "-framerate", String(framerate), "-i", display],
      }),
    },
  ],
  failures: [
    {
      says: /[Cc]ould not open X display|[Cc]annot open display/,
      code: "DISCONNECTED",
      sentence: ({ display }) =>
        `No X server answers at display '${display}', or it refuses this user. Start it, correct the option 'display', or permit this user: xhost +si:localuser:USER.`,
    },
  ],
};

/** The screen of an X server, as a camera. */
export class ScreenCamera extends ProgramCamera<typeof OPTIONS> {
  static override readonly title = "Screen";
  static override readonly description = "The pictures of a screen of an X server.";

  constructor(options: Partial<PresetOptions<typeof OPTIONS>> = {}) {
    super(SCREEN, options);
  }
}
