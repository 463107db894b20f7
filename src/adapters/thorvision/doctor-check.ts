import type { Check } from "../../base/checks.ts";
import { messageOf } from "../../base/errors.ts";
import { programVersion, requireElements } from "../../processes/programs.ts";
import { RECORDING_ELEMENTS } from "./local-recording.ts";
import { SENDER_ELEMENTS } from "./srt-sender.ts";

/** Can cameras be sent to ThorVision's clients, and received from its servers? */
export const thorVisionCheck: Check = {
  name: "thorvision",
  async run() {
    try {
      await programVersion("gst-launch-1.0");
      await requireElements([...SENDER_ELEMENTS, ...RECORDING_ELEMENTS]);
      return {
        level: "ok",
        message: "GStreamer has the elements that the ThorVision protocol needs.",
      };
    } catch (error) {
      const [message = "", fix = ""] = messageOf(error).split(/(?<=installed\.|'\.) /);
      return { level: "warn", message: `${message} ThorVision's clients get no pictures.`, fix };
    }
  },
};
