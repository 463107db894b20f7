import type { Check } from "../base/checks.ts";
import { messageOf } from "../base/errors.ts";
import { programVersion, requireElements } from "../processes/programs.ts";

/** What a camera that is a pipeline needs, beside its own source. */
const ELEMENTS = ["videoconvert", "jpegenc", "gdppay", "fdsink"];

/** Can GStreamer's pipelines be cameras? */
export const gstreamerCheck: Check = {
  name: "gstreamer",
  async run() {
    try {
      const version = await programVersion("gst-launch-1.0");
      await requireElements(ELEMENTS);
      return { level: "ok", message: `${version} has what a camera needs.` };
    } catch (error) {
      return withoutPipelines(error);
    }
  },
};

/** Can ffmpeg's commands be cameras? */
export const ffmpegCheck: Check = {
  name: "ffmpeg",
  async run() {
    try {
      return { level: "ok", message: `${shortVersion(await programVersion("ffmpeg"))} runs.` };
    } catch (error) {
      return withoutPipelines(error);
    }
  },
};

function withoutPipelines(error: unknown) {
  const [message = "", fix = ""] = messageOf(error).split(/(?<=installed\.|'\.) /);
  return { level: "warn" as const, message: `${message} Cameras that need it cannot run.`, fix };
}

/** `ffmpeg version 5.1.6 Copyright ...` without what follows the number. */
function shortVersion(line: string): string {
  return /^\S+ version \S+/.exec(line)?.[0] ?? line;
}
