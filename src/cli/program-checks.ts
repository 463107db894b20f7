import type { Check, CheckResult } from "../base/checks.ts";
import { messageOf } from "../base/errors.ts";
import { programVersion, requireElements } from "../processes/programs.ts";

/** What each kind of camera needs beside Thingscope: any one of its alternatives, each a list of programs and elements of GStreamer. */
const NEEDS: readonly {
  readonly kind: string;
  readonly any: readonly (readonly string[])[];
}[] = [
  {
    kind: "RtspCamera",
    any: [["rtspsrc", "rtph264depay", "h264parse", "rtpjpegdepay", "jpegenc"], ["ffmpeg"]],
  },
  { kind: "GenicamCamera", any: [["aravissrc", "bayer2rgb", "jpegenc"]] },
  { kind: "ScreenCamera", any: [["ximagesrc", "jpegenc"], ["ffmpeg"]] },
  // A Raspberry Pi's alone.
  ...(process.arch.startsWith("arm")
    ? [{ kind: "RaspberryPiCamera", any: [["rpicam-vid"], ["libcamera-vid"]] }]
    : []),
  { kind: "DslrCamera", any: [["gphoto2"]] },
];

/** Programs; everything else is an element. */
const PROGRAMS = ["ffmpeg", "rpicam-vid", "libcamera-vid", "gphoto2"];

/** Which kinds of camera could run here? One that is missing matters only to whoever has such a camera. */
export const kindsCheck: Check = {
  name: "kinds",
  async run() {
    const missing = await Promise.all(NEEDS.map(missingOf));
    const able = NEEDS.filter((_, at) => missing[at] === undefined).map(({ kind }) => kind);
    const ready: CheckResult[] =
      able.length > 0
        ? [{ level: "ok", message: `${able.join(", ")}: what they need is there.` }]
        : [];
    const lacking = NEEDS.flatMap(({ kind }, at): CheckResult[] => {
      const fix = missing[at];
      return fix === undefined
        ? []
        : [
            {
              level: "warn",
              message: `A ${kind} cannot run here.`,
              fix: `If you have one: ${fix}`,
            },
          ];
    });
    return [...ready, ...lacking];
  },
};

/** What is missing for a kind, as the sentence about its first alternative; undefined when one of them is there. */
async function missingOf({ any }: (typeof NEEDS)[number]): Promise<string | undefined> {
  let first: string | undefined;
  for (const needs of any) {
    try {
      for (const need of needs.filter((one) => PROGRAMS.includes(one))) await programVersion(need);
      await requireElements(needs.filter((one) => !PROGRAMS.includes(one)));
      return undefined;
    } catch (error) {
      first ??= messageOf(error);
    }
  }
  return first;
}

/** What a camera that is a pipeline needs, beside its own source. */
const ELEMENTS = ["videoconvert", "jpegenc", "gdppay", "fdsink"];

/** Can GStreamer's pipelines be cameras? */
export const gstreamerCheck: Check = {
  name: "gstreamer",
  async run() {
    try {
      const version = await programVersion("gst-launch-1.0");
      await requireElements(ELEMENTS);
      return { level: "ok", message: `${version} has the elements that cameras need.` };
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
