import { type Static, type TProperties, Type } from "typebox";
import { ThingError } from "../base/errors.ts";
import { sentenceOf } from "../core/faults.ts";
import { incoming } from "../core/schema.ts";
import type { Exit } from "../processes/child.ts";
import {
  type PipelineCommand,
  type PipelineText,
  pipelineCommand,
  requireInstalled,
} from "./pipeline-command.ts";

/** Options that each camera of a preset has beside its own. */
const COMMON = {
  program: Type.Optional(
    Type.String({ description: "Which program is used, where several can do it" }),
  ),
  keep_warm: Type.Optional(
    Type.Boolean({ description: "Runs even while its frames are not wanted" }),
  ),
  start_ms: Type.Optional(
    Type.Number({ minimum: 0, description: "Longest time from a start to the first frame" }),
  ),
  silence_ms: Type.Optional(
    Type.Number({ minimum: 0, description: "Longest time without a frame; 0: it may be silent" }),
  ),
};

/** The options of a camera whose own are `P`. */
export type PresetOptions<P extends TProperties> = Static<ReturnType<typeof schemaOf<P>>>;

/** One way to get the pictures of a kind of camera. */
interface PresetProgram<Options, Found> {
  /** The program, for instance `gst-launch-1.0`: the first of a preset that is installed is used. */
  readonly program: string;
  /** What runs. Text of the author is used as it is; values of others are words or `parameters`, which are checked. */
  readonly pipeline: (options: Options, found: Found) => PipelineText;
}

/** A sentence in place of what a program says when it fails. */
interface PresetFailure<Options> {
  /** What the program writes to its error output then. */
  readonly says: RegExp;
  /** `DISCONNECTED`: the device is not there; `SOURCE_FAILED`: it is there and does not work. */
  readonly code: "DISCONNECTED" | "SOURCE_FAILED";
  /** What happened, and what to do. */
  readonly sentence: string | ((options: Options) => string);
}

/** A kind of camera, as a table. */
export interface CameraPreset<P extends TProperties, Found = undefined> {
  /** Schemas of its options, by name. A string that becomes a word of a command has a `pattern`: the list of what it may be. */
  readonly options: P;
  /** Ways to get its pictures, the best first. */
  readonly programs: readonly PresetProgram<PresetOptions<P>, Found>[];
  /** What its programs say, in plain words; the first row that fits is used. */
  readonly failures?: readonly PresetFailure<PresetOptions<P>>[];
  /** Longest time from a start to the first frame, ms; 15,000 by default. */
  readonly startMs?: number;
  /** Longest time without a frame, ms; by default 5 periods, and 1 s at least. */
  readonly silenceMs?: number;
}

/**
 * The options as they are used, with defaults.
 * @throws {ThingError} `BAD_CONFIG` with everything that is wrong with them.
 */
export function checkedOptions<P extends TProperties, F>(
  { options, programs }: CameraPreset<P, F>,
  given: unknown,
  kind: string,
): PresetOptions<P> {
  const { value, faults } = incoming(schemaOf(options), given ?? {}, { root: ["options"] });
  if (faults.length > 0) {
    const why = sentenceOf(faults);
    throw new ThingError("BAD_CONFIG", `${kind} cannot be created: ${why}. See docs/cameras.md.`);
  }
  const names = programs.map(({ program }) => program);
  const { program } = value as { program?: string };
  if (program === undefined || names.includes(program)) return value as PresetOptions<P>;
  throw new ThingError(
    "BAD_CONFIG",
    `${kind} cannot use the program '${program}'. It has: ${names.join(", ")}.`,
  );
}

/**
 * The command of the first program that is installed here.
 * @throws {ThingError} `PROGRAM_MISSING` that names what to install; `BAD_CONFIG` or `BAD_ARGUMENT`.
 */
export async function presetCommand<P extends TProperties, F>(
  preset: CameraPreset<P, F>,
  options: PresetOptions<P>,
  found: F,
): Promise<PipelineCommand> {
  const wanted = (options as { program?: string }).program;
  const missing: string[] = [];
  for (const { program, pipeline } of preset.programs) {
    if (wanted !== undefined && program !== wanted) continue;
    try {
      const command = await pipelineCommand(pipeline(options, found));
      await requireInstalled(command);
      return command;
    } catch (error) {
      if (!(error instanceof ThingError) || error.code !== "PROGRAM_MISSING") throw error;
      missing.push(error.message);
    }
  }
  throw new ThingError("PROGRAM_MISSING", missing.join(" Or another program: "));
}

/** The error for what a program said, if the preset knows it. */
export function presetFailure<P extends TProperties, F>(
  { failures = [] }: CameraPreset<P, F>,
  options: PresetOptions<P>,
  { error }: Pick<Exit, "error">,
  errorLines: readonly string[],
): ThingError | undefined {
  if (error) return undefined;
  const said = errorLines.join("\n");
  const known = failures.find(({ says }) => says.test(said));
  if (!known) return undefined;
  const { code, sentence } = known;
  return new ThingError(code, typeof sentence === "string" ? sentence : sentence(options));
}

function schemaOf<P extends TProperties>(options: P) {
  return Type.Object({ ...options, ...COMMON }, { additionalProperties: false });
}
