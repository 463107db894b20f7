import { type CameraPreset, type PresetOptions, ProgramCamera } from "thingscope/frames";
import { Type } from "typebox";

const OPTIONS = {
  port: Type.Integer({ default: 5600, minimum: 1, maximum: 65_535 }),
};

const DRONE: CameraPreset<typeof OPTIONS> = {
  options: OPTIONS,
  programs: [
    {
      program: "gst-launch-1.0",
      pipeline: ({ port }) => ({
        pipeline: "udpsrc port={port} ! tsdemux ! decodebin ! autovideosink",
        parameters: { port },
      }),
    },
    {
      program: "ffmpeg",
      pipeline: ({ port }) => ({ pipeline: ["ffmpeg", "-i", `udp://0.0.0.0:${port}`] }),
    },
  ],
  failures: [
    {
      says: /Address already in use/,
      code: "SOURCE_FAILED",
      sentence: ({ port }) => `Another program listens on UDP port ${port}. End it, or set port.`,
    },
  ],
  silenceMs: 3000,
};

/** A drone, or an encoder, that sends MPEG-TS by UDP. */
export class DroneCamera extends ProgramCamera<typeof OPTIONS> {
  static override readonly title = "Drone";
  static override readonly description = "Pictures that come as MPEG-TS by UDP.";

  constructor(options: Partial<PresetOptions<typeof OPTIONS>> = {}) {
    super(DRONE, options);
  }
}
