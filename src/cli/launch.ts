import { ThingError } from "../base/errors.ts";
import { type Log, logTo } from "../base/log.ts";
import type { Thing } from "../core/thing.ts";
import { Child } from "../processes/child.ts";
import type { Parameters } from "../processes/template.ts";
import { Pipeline } from "../sources/pipeline.ts";
import {
  type PipelineText,
  pipelineCommand,
  requireInstalled,
} from "../sources/pipeline-command.ts";
import { explainPipelineEnd } from "../sources/pipeline-failure.ts";
import { loadClass } from "./load-class.ts";

/** What `thingscope launch` was given: a file, or the parts of a pipeline, and values for its `{name}` places. */
export interface LaunchInput {
  readonly file?: string | undefined;
  readonly parts?: readonly string[] | undefined;
  readonly parameters?: Parameters | undefined;
  readonly log?: Log | undefined;
}

/**
 * The cameras of a pipeline, to be added to a host under their names: one for each named tee, or one `camera`. They share
 * one process, which runs while any of them is watched.
 *
 * @throws {ThingError} `BAD_ARGUMENT` or `BAD_CONFIG` for a wrong input, `PROGRAM_MISSING` for a missing program or element.
 */
export async function prepareLaunch(input: LaunchInput): Promise<Map<string, Thing>> {
  const command = await pipelineCommand(textOf(input));
  await requireInstalled(command);
  const pipeline = new Pipeline(command, { log: input.log });
  const PipelineCamera = await loadClass("thingscope/things:PipelineCamera", process.cwd());
  const names = [...pipeline.cameras.keys()];
  return new Map(names.map((tee) => [tee, new PipelineCamera({ pipeline, tee })]));
}

/**
 * Runs a pipeline once, with no camera and no server, until it ends or `signal` aborts (then it is ended in order).
 * Its error output goes to the log.
 *
 * @throws {ThingError} as `prepareLaunch` does, and `SOURCE_FAILED` with the reason when it fails.
 */
export async function runHeadless(input: LaunchInput, signal: AbortSignal): Promise<void> {
  const command = await pipelineCommand({ ...textOf(input), headless: true });
  await requireInstalled(command);
  const child = new Child(command, { log: logTo((_, line) => input.log?.info(line)) }); // it is all there is to see
  const stop = () => void child.stop();
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  const exit = await child.ended;
  signal.removeEventListener("abort", stop);
  if (signal.aborted || exit.code === 0) return;
  throw new ThingError(
    "SOURCE_FAILED",
    explainPipelineEnd(command.program, exit, child.errorLines),
  );
}

/** One part with blanks in it is a whole text, as a quoted pipeline is; several are words, as a shell split them. */
function textOf({ file, parts = [], parameters }: LaunchInput): PipelineText {
  if ((file === undefined) === (parts.length === 0)) {
    throw new ThingError(
      "BAD_ARGUMENT",
      file === undefined
        ? "Give a pipeline: thingscope launch --file=FILE, or its parts: thingscope launch videotestsrc ! autovideosink."
        : "Give the pipeline as --file=FILE or as parts, not both.",
    );
  }
  if (file !== undefined) return { file, parameters };
  const [only] = parts;
  const isText = parts.length === 1 && only !== undefined && /\s/.test(only);
  return { pipeline: isText ? only : parts, parameters };
}
