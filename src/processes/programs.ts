import { execFile } from "node:child_process";
import { ThingError } from "../base/errors.ts";

/** What a program is asked to see whether it is installed, and the Debian package that has it. */
const PROGRAMS: Record<string, { readonly args: readonly string[]; readonly package: string }> = {
  "gst-launch-1.0": { args: ["--version"], package: "gstreamer1.0-tools" },
  "gst-inspect-1.0": { args: ["--version"], package: "gstreamer1.0-tools" },
  ffmpeg: { args: ["-version"], package: "ffmpeg" },
  ffprobe: { args: ["-version"], package: "ffmpeg" },
  "rpicam-vid": { args: ["--version"], package: "rpicam-apps" },
  "libcamera-vid": { args: ["--version"], package: "libcamera-apps" },
  gphoto2: { args: ["--version"], package: "gphoto2" },
};

/** Debian's package of elements that are often used; the others are found with `apt-cache`. */
const ELEMENT_PACKAGES: readonly (readonly [RegExp, string])[] = [
  [/^(x264enc|rtmp2?sink)$/, "gstreamer1.0-plugins-ugly"],
  [/^(avdec_|avenc_|avdemux_)/, "gstreamer1.0-libav"],
  [
    /^(srt|jpegparse$|h26[45]parse$|gdppay$|gdpdepay$|shm|webrtc|x265enc$)/,
    "gstreamer1.0-plugins-bad",
  ],
  [
    /^(v4l2|rtsp|rtp|jpeg(enc|dec)$|multipart|matroska|webm|mp4mux$|qtmux$|qtdemux$|vp[89]|splitmux|png)/,
    "gstreamer1.0-plugins-good",
  ],
  [
    /^(videotestsrc|videoconvert|videoscale|videorate|decodebin|uridecodebin|playbin|tcp|theora|ogg|compositor$)/,
    "gstreamer1.0-plugins-base",
  ],
  [/^(ximagesink|xvimagesink)$/, "gstreamer1.0-x"],
  [/^libcamerasrc$/, "gstreamer1.0-libcamera"],
  [/^aravissrc$/, "libaravis-0.8-0"],
];

const PROBE_MS = 20_000; // GStreamer's first call scans all its plugins

const versions = new Map<string, Promise<string>>();
const elementsFound = new Set<string>();

/**
 * The first line that an installed program says about its version. Asked once; a program that is missing is looked for
 * again next time.
 * @throws {ThingError} `PROGRAM_MISSING` with the command that installs it.
 */
export function programVersion(program: string): Promise<string> {
  let version = versions.get(program);
  if (!version) {
    version = firstLine(program, PROGRAMS[program]?.args ?? ["--version"]);
    versions.set(program, version);
    version.catch(() => versions.delete(program));
  }
  return version;
}

/** The error for a program that is not installed. */
export function programMissing(program: string, options: ErrorOptions = {}): ThingError {
  const known = PROGRAMS[program];
  const how = known
    ? `Install it with scripts/setup, or with: apt-get install ${known.package}.`
    : "Install it, or correct its name.";
  return new ThingError(
    "PROGRAM_MISSING",
    `The program '${program}' is not installed. ${how}`,
    options,
  );
}

/** The sentence for an element that GStreamer lacks. */
export function elementMissingSentence(element: string): string {
  const name = ELEMENT_PACKAGES.find(([pattern]) => pattern.test(element))?.[1];
  const how = name
    ? `Install it with scripts/setup, or with: apt-get install ${name}.`
    : "Correct its name, or install the package that has it.";
  return `GStreamer has no element '${element}'. ${how}`;
}

/**
 * Makes sure that GStreamer has each of these elements.
 * @throws {ThingError} `PROGRAM_MISSING` that names the first one which is not there.
 */
export async function requireElements(elements: Iterable<string>): Promise<void> {
  await programVersion("gst-inspect-1.0");
  for (const element of new Set(elements)) {
    if (elementsFound.has(element)) continue;
    const { code } = await run("gst-inspect-1.0", ["--exists", element]);
    if (code !== 0) throw new ThingError("PROGRAM_MISSING", elementMissingSentence(element));
    elementsFound.add(element);
  }
}

async function firstLine(program: string, args: readonly string[]): Promise<string> {
  const { output, error } = await run(program, args);
  if (error) throw programMissing(program, { cause: error });
  return output.split("\n", 1)[0]?.trim() ?? "";
}

/** `error` is set only when the program could not be started; a program that ends with another code than 0 is there. */
function run(
  program: string,
  args: readonly string[],
): Promise<{ code: number; output: string; error?: Error }> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: PROBE_MS, encoding: "utf8" }, (error, output) => {
      if (!error) resolve({ code: 0, output });
      else if (typeof error.code === "number") resolve({ code: error.code, output });
      else resolve({ code: -1, output, error });
    });
  });
}
