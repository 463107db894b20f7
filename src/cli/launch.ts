import { FrameProbe } from "../adapters/pythiags/frame-probe.ts";
import { ThingError } from "../base/errors.ts";
import { type Log, logTo, silentLog } from "../base/log.ts";
import { redactText } from "../base/redact-text.ts";
import type { AddOptions } from "../core/host-options.ts";
import type { Thing } from "../core/thing.ts";
import { Child } from "../processes/child.ts";
import type { Parameters } from "../processes/template.ts";
import { teeBehind } from "../sources/gst-observe.ts";
import { Pipeline } from "../sources/pipeline.ts";
import {
  type PipelineCommand,
  type PipelineText,
  pipelineCommand,
  requireInstalled,
} from "../sources/pipeline-command.ts";
import { explainPipelineEnd } from "../sources/pipeline-failure.ts";
import type { MJPEGStream } from "../streams/mjpeg-stream.ts";
import { addressKind, cameraAt } from "./launch-camera.ts";
import { type LaunchProbe, probeThing } from "./launch-probes.ts";
import { loadClass } from "./load-class.ts";

/** What `thingscope launch` was given: a file, or the parts of a pipeline, and values for its `{name}` places. */
export interface LaunchInput {
  readonly file?: string | undefined;
  readonly parts?: readonly string[] | undefined;
  readonly parameters?: Parameters | undefined;
  /** What looks at its cameras. */
  readonly probes?: readonly LaunchProbe[] | undefined;
  readonly log?: Log | undefined;
}

/** A Thing to be added to a host. */
type LaunchedThing = readonly [name: string, thing: Thing, options: AddOptions];

/**
 * The cameras of a pipeline, to be added to a host under their names, and the probes at them: one camera for each named
 * tee, or one `camera`. They share one process, which runs while any of them is watched. The address of a camera is one
 * `camera` of its kind.
 *
 * @throws {ThingError} `BAD_ARGUMENT` or `BAD_CONFIG` for a wrong input, `PROGRAM_MISSING` for a missing program or element.
 */
export async function prepareLaunch(input: LaunchInput): Promise<LaunchedThing[]> {
  const cameras = await camerasOf(input);
  const names = cameras.map(([name]) => name);
  const probes = (input.probes ?? []).map((probe, n): LaunchedThing => {
    const slots = { camera: cameraOf(probe, names) };
    return [n === 0 ? "probe" : `probe_${n + 1}`, probeThing(probe), { slots }];
  });
  return [...cameras, ...probes];
}

async function camerasOf(input: LaunchInput): Promise<LaunchedThing[]> {
  const kind = input.file === undefined ? addressKind(input.parts) : undefined;
  if (kind) return [await cameraAt(input.parts?.[0] ?? "", kind)];
  const command = await launchCommand(input);
  await requireInstalled(command);
  const pipeline = new Pipeline(command, { log: input.log });
  const PipelineCamera = await loadClass("thingscope/things:PipelineCamera", process.cwd());
  return [...pipeline.cameras.keys()].map((tee) => [
    tee,
    new PipelineCamera({ pipeline, tee }),
    {},
  ]);
}

/**
 * Runs a pipeline once, with no camera and no server, until it ends or `signal` aborts (then it is ended in order). Its
 * error output goes to the log, and so does what probes find that nothing else takes.
 *
 * @throws {ThingError} as `prepareLaunch` does, and `SOURCE_FAILED` with the reason when it fails.
 */
export async function runHeadless(input: LaunchInput, signal: AbortSignal): Promise<void> {
  if (input.probes?.length) return runProbed(input, signal);
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

/** The command that a pipeline is run with. @throws {ThingError} `BAD_ARGUMENT` or `BAD_CONFIG`. */
export async function launchCommand(input: LaunchInput): Promise<PipelineCommand> {
  const observe = (input.probes ?? []).flatMap(({ element }) => element ?? []);
  const command = await pipelineCommand({ ...textOf(input), observe });
  const names = command.outputs.map(({ camera }) => camera);
  for (const probe of input.probes ?? []) cameraOf(probe, names);
  return command;
}

/** The same with probes: every frame is looked at, from the first to the last. */
async function runProbed(input: LaunchInput, signal: AbortSignal): Promise<void> {
  const log = input.log ?? silentLog;
  const observe = (input.probes ?? []).flatMap(({ element }) => element ?? []);
  const probes: FrameProbe[] = [];
  const onCameras = (cameras: ReadonlyMap<string, MJPEGStream>) => {
    for (const probe of input.probes ?? []) {
      const camera = cameras.get(cameraOf(probe, [...cameras.keys()]))!;
      probes.push(new FrameProbe({ camera, ...withConsumer(probe, log), log }));
    }
  };
  try {
    await Pipeline.run(
      { ...textOf(input), observe },
      { background: false, onCameras, signal, log },
    );
  } finally {
    await Promise.all(probes.map((probe) => probe.stop()));
  }
}

function withConsumer({ producer, consumer }: LaunchProbe, log: Log) {
  const tell = (events: readonly unknown[], { index }: { index: number }) =>
    log.info(`found in frame ${index}: ${JSON.stringify(events)}`);
  return { producer, consumer: consumer ?? tell };
}

/** The camera whose pictures are those of a probe's element. */
function cameraOf({ element }: LaunchProbe, cameras: readonly string[]): string {
  const [first = ""] = cameras;
  if (element === undefined) return first;
  const camera = [element, teeBehind(element)].find((name) => cameras.includes(name));
  if (camera !== undefined) return camera;
  throw new ThingError(
    "BAD_ARGUMENT",
    `The pipeline has no element '${element}' whose pictures can be examined. Give an element that name (name=${element}), with another element after it, or use: ${cameras.join(", ")}.`,
  );
}

/** One part with blanks in it is a whole text, as a quoted pipeline is; several are words, as a shell split them. */
function textOf({ file, parts = [], parameters }: LaunchInput): PipelineText {
  if ((file === undefined) === (parts.length === 0)) {
    throw new ThingError(
      "BAD_ARGUMENT",
      file === undefined
        ? "Give a camera's address, such as /dev/video0 or rtsp://..., or a pipeline: thingscope launch --file=FILE, or its parts: thingscope launch videotestsrc ! autovideosink."
        : "Give the pipeline as --file=FILE or as parts, not both.",
    );
  }
  if (file !== undefined) return { file, parameters };
  const [only] = parts;
  const isOne = parts.length === 1 && only !== undefined;
  if (isOne && ADDRESS_LIKE.test(only)) throw unknownAddress(only);
  const isText = isOne && /\s/.test(only);
  return { pipeline: isText ? only : parts, parameters };
}

/** What no pipeline consists of, as one word. */
const ADDRESS_LIKE = /^([a-z][a-z\d+.-]*:\/\/|\/dev\/|\d+(\.\d+){3})\S*$/i;

function unknownAddress(text: string): ThingError {
  return new ThingError(
    "BAD_ARGUMENT",
    `'${redactText(text)}' is neither a pipeline nor the address of a camera. Addresses begin with /dev/video, /dev/v4l/, rtsp://, rtsps://, onvif://, http:// or https://; thingscope cameras lists the cameras that are there.`,
  );
}
