import { ThingError } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";
import { runProgram } from "./run-program.ts";

/** Arguments that show whether a program is installed. Default `--version`. */
const ASKED: Readonly<Record<string, readonly string[]>> = {
  ffmpeg: ["-version"],
  ffprobe: ["-version"],
  "arv-tool-0.8": ["--help"],
};

/** Debian packages of common elements; find others with `apt-cache`. */
const ELEMENT_PACKAGES: readonly (readonly [RegExp, string])[] = [
  [/^(x264enc|rtmp2?sink)$/, "gstreamer1.0-plugins-ugly"],
  [/^(avdec_|avenc_|avdemux_)/, "gstreamer1.0-libav"],
  [
    /^(srt|jpegparse$|h26[45]parse$|gdppay$|gdpdepay$|shm|webrtc|x265enc$)/,
    "gstreamer1.0-plugins-bad",
  ],
  [
    /^(v4l2|rtsp|rtp|ximagesrc$|jpeg(enc|dec)$|multipart|matroska|webm|mp4mux$|qtmux$|qtdemux$|vp[89]|splitmux|png)/,
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
const MOST_BYTES = 1 << 20;

const versions = new Map<string, Promise<string>>();
const elementsFound = new Set<string>();

/**
 * The first line that an installed program says about its version. Asked once; a program that is missing is looked for
 * again next time.
 * @throws {ThingError} `PROGRAM_MISSING` with the command that installs it; `PROGRAM_REFUSED` when this machine starts no more.
 */
export function programVersion(program: string): Promise<string> {
  let version = versions.get(program);
  if (!version) {
    version = firstLine(program, ASKED[program] ?? ["--version"]);
    versions.set(program, version);
    version.catch(() => versions.delete(program));
  }
  return version;
}

/** It is looked for again next time: it was there, and could not be started. */
export function forgetProgram(program: string): void {
  versions.delete(program);
}

/** The sentence for an element that GStreamer lacks. */
export function elementMissingSentence(element: string, near?: string): string {
  if (near) return `GStreamer has no element '${element}'. Did you mean '${near}'?`;
  const name = ELEMENT_PACKAGES.find(([pattern]) => pattern.test(element))?.[1];
  const how = name
    ? `Install it: apt-get install ${name}.`
    : "Correct its name, or install the package that contains it.";
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
    // Without a version it looks for its own, and plugins of others (Aravis) have versions of their own.
    const { code } = await run("gst-inspect-1.0", ["--exists", "--atleast-version=0.0", element]);
    if (code !== 0) {
      const near = nearest(element, await elementNames());
      throw new ThingError("PROGRAM_MISSING", elementMissingSentence(element, near));
    }
    elementsFound.add(element);
  }
}

/** All that there are, for the sentence about one that is not; none when they cannot be listed. */
async function elementNames(): Promise<string[]> {
  const { output } = await run("gst-inspect-1.0", []).catch(() => ({ output: Buffer.alloc(0) }));
  return [...output.toString().matchAll(/^\S+:\s+([\w-]+):/gm)].map(([, name = ""]) => name);
}

async function firstLine(program: string, args: readonly string[]): Promise<string> {
  const { output } = await run(program, args);
  return output.toString().split("\n", 1)[0]?.trim() ?? "";
}

/** A program that ends with a nonzero code is installed. */
function run(program: string, args: readonly string[]) {
  return runProgram({ program, args }, { timeoutMs: PROBE_MS, mostBytes: MOST_BYTES });
}
