import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { reasonOf, ThingError } from "../base/errors.ts";
import type { Command } from "../processes/child.ts";
import { programVersion, requireElements } from "../processes/programs.ts";
import {
  fillNeutrally,
  fillTemplate,
  type Parameters,
  readTemplate,
  type Template,
  templateOfWords,
} from "../processes/template.ts";
import type { Framing } from "./framing.ts";
import { withTeeBehind } from "./gst-observe.ts";
import { hasPictures, type Output, tapPipeline, withoutDisplays } from "./gst-taps.ts";
import { structureOf } from "./gst-text.ts";

/** What runs: GStreamer's text or any command, as one text or as its words, or the name of a file with such a text. */
export interface PipelineText {
  readonly pipeline?: string | readonly string[] | undefined;
  readonly file?: string | undefined;
  /** Values for the `{name}` places of the text. */
  readonly parameters?: Parameters | undefined;
  /** How the pictures lie in the output, where the text does not tell. */
  readonly framing?: Framing | undefined;
  /** The elements that bring GStreamer's pictures to where `jpegenc` takes them: `videoconvert` when absent. */
  readonly convert?: string | undefined;
  /** Elements of GStreamer's text, by name, whose pictures are wanted: a tee, called `NAME_tee`, is put behind each that is none. */
  readonly observe?: readonly string[] | undefined;
  /** The descriptor that a program other than GStreamer writes them to. */
  readonly fd?: number | undefined;
  /** True: only run it; no output is read. `auto`: the same if GStreamer's text has no output for pictures. */
  readonly headless?: boolean | "auto" | undefined;
}

/** A pipeline that can be run: the command, and where each camera's pictures leave it. */
export interface PipelineCommand extends Command {
  readonly outputs: readonly Output[];
  /** GStreamer's elements in it. */
  readonly elements: readonly string[];
}

const GSTREAMER = "gst-launch-1.0";
/** A text that begins with one of these is a command; any other is GStreamer's. */
const PROGRAMS = new Set([
  GSTREAMER,
  "ffmpeg",
  "rpicam-vid",
  "libcamera-vid",
  "gphoto2",
  "v4l2-ctl",
]);
const FFMPEG_FRAMING = new Map<string, Framing>([
  ["mjpeg", "jpeg"],
  ["image2pipe", "jpeg"],
  ["mpjpeg", "multipart"],
]);

/**
 * Makes a command of a pipeline's text.
 * @throws {ThingError} `BAD_CONFIG` or `BAD_ARGUMENT`, with what to change.
 */
export async function pipelineCommand(text: PipelineText): Promise<PipelineCommand> {
  const template = await templateOf(text);
  const words = fillTemplate(template, text.parameters ?? {});
  const [first] = words;
  if (first === undefined)
    throw new ThingError(
      "BAD_CONFIG",
      "The pipeline is empty. Write its elements, for instance: videotestsrc ! autovideosink.",
    );
  if (!namesProgram(first)) return gstreamer([], words, template, text);
  if (basename(first) === GSTREAMER) {
    const start = words.findIndex((word, index) => index > 0 && !word.startsWith("-"));
    const options = words.slice(1, start < 0 ? undefined : start);
    const cut: Template = { ...template, words: template.words.slice(1 + options.length) };
    return gstreamer(options, words.slice(1 + options.length), cut, text);
  }
  checkArguments(template, text.parameters ?? {});
  if (basename(first) === "ffmpeg") return ffmpeg(first, words.slice(1), text);
  return {
    program: first,
    args: words.slice(1),
    elements: [],
    outputs: [output(text.fd ?? 1, text.framing ?? "jpeg")],
  };
}

/**
 * Makes sure that the command can be run here.
 * @throws {ThingError} `PROGRAM_MISSING` that names the program or the element.
 */
export async function requireInstalled(command: PipelineCommand): Promise<void> {
  if (PROGRAMS.has(command.program)) await programVersion(command.program);
  if (command.program === GSTREAMER) await requireElements(command.elements);
}

async function templateOf({ pipeline, file }: PipelineText): Promise<Template> {
  if ((pipeline === undefined) === (file === undefined)) {
    throw new ThingError(
      "BAD_CONFIG",
      "A pipeline must be given either as text or as a file, not both.",
    );
  }
  if (file !== undefined) return readTemplate(await fileText(file));
  if (typeof pipeline === "string") return readTemplate(pipeline);
  return templateOfWords(pipeline ?? []);
}

async function fileText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new ThingError(
      "BAD_CONFIG",
      `The pipeline file '${file}' cannot be read: ${reasonOf(cause)}. Give another path.`,
      { cause },
    );
  }
}

function namesProgram(word: string): boolean {
  return PROGRAMS.has(word) || word.startsWith("/") || word.startsWith("./");
}

function gstreamer(
  options: readonly string[],
  words: readonly string[],
  template: Template,
  text: PipelineText,
): PipelineCommand {
  checkStructure(words, template);
  const isHeadless = text.headless === "auto" ? !hasPictures(words) : text.headless;
  const observed = [...new Set(text.observe)].reduce(withTeeBehind, words);
  const tapped = isHeadless ? withoutDisplays(words) : tapPipeline(observed, text);
  const quiet = options.includes("-q") ? [] : ["-q"]; // else it writes its progress among the pictures of descriptor 1
  return { ...tapped, program: GSTREAMER, args: [...quiet, ...options, ...tapped.args] };
}

/** With the values in it the pipeline must have the items that it has without them: no more, no others. */
function checkStructure(words: readonly string[], template: Template): void {
  if (template.parameters.length === 0) return;
  const structure = structureOf(words);
  const same = ["0", "0/0"].some(
    (neutral) => structureOf(fillNeutrally(template, neutral)) === structure,
  );
  if (same) return;
  throw new ThingError(
    "BAD_ARGUMENT",
    `A parameter may be a property's value or caps, or a part of them; here one of ${template.parameters.join(", ")} changes the pipeline's elements. Write elements into the pipeline itself.`,
  );
}

/** A value must not become an option, nor a second filter of an ffmpeg filter graph. */
function checkArguments(template: Template, values: Parameters): void {
  for (const word of template.words) {
    const [first] = word;
    for (const piece of word) {
      if (typeof piece === "string") continue;
      if (typeof first === "string" && first.startsWith("-")) {
        throw new ThingError(
          "BAD_ARGUMENT",
          `The parameter '${piece.parameter}' is part of an option's name (${first}…). Only the value of an option can be a parameter.`,
        );
      }
      if (word.length > 1 && /[,=]/.test(String(values[piece.parameter]))) {
        throw new ThingError(
          "BAD_ARGUMENT",
          `The parameter '${piece.parameter}' is a part of a word, so it must not contain ',' or '='.`,
        );
      }
    }
  }
}

/** ffmpeg that says only what is wrong, plays files at their own speed, and writes JPEG if it is not told what to write. */
function ffmpeg(program: string, words: readonly string[], text: PipelineText): PipelineCommand {
  const quiet = ["-nostdin", "-hide_banner", "-nostats"];
  if (!words.includes("-loglevel") && !words.includes("-v")) quiet.push("-loglevel", "error");
  const args = [...quiet, ...atOwnSpeed(words)];
  if (text.headless === true) return { program, args, elements: [], outputs: [] };
  if (words.at(-2) === "-i")
    args.push("-an", "-c:v", "mjpeg", "-q:v", "4", "-f", "mpjpeg", "pipe:1");
  const fd = pipeOf(args.at(-1) ?? "");
  if (fd === undefined) {
    throw new ThingError(
      "BAD_CONFIG",
      "This ffmpeg command does not write pictures to a pipe. End it with: -f mpjpeg -q:v 4 pipe:1",
    );
  }
  const format = args.lastIndexOf("-f");
  const framing = text.framing ?? FFMPEG_FRAMING.get(args[format + 1] ?? "") ?? "jpeg";
  return { program, args, elements: [], outputs: [output(fd, framing)] };
}

/** A file, or a picture that ffmpeg makes itself, is read at its own speed: `-re` before it, if nothing else was said. */
function atOwnSpeed(words: readonly string[]): string[] {
  if (words.some((word) => word === "-re" || word === "-readrate")) return [...words];
  return words.flatMap((word, index) => {
    if (word !== "-i") return [word];
    const input = words[index + 1] ?? "";
    const isFile = existsSync(input) && !input.startsWith("/dev/");
    const isMade = words[index - 2] === "-f" && words[index - 1] === "lavfi";
    return isFile || isMade ? ["-re", word] : [word];
  });
}

function pipeOf(target: string): number | undefined {
  if (target === "-" || target === "pipe:") return 1;
  const fd = /^pipe:(\d+)$/.exec(target)?.[1];
  return fd === undefined ? undefined : Number(fd);
}

function output(fd: number, framing: Framing): Output {
  return { camera: "camera", fd, framing };
}
