import { fileURLToPath } from "node:url";
import type { Log } from "../../base/log.ts";
import { programFault } from "../../base/native.ts";
import { moduleUrl } from "../../base/package-root.ts";
import type { Command } from "../../processes/child.ts";
import { runnableProgram } from "../../processes/native-program.ts";
import { programVersion } from "../../processes/programs.ts";

let hasTold = false;

interface CommandOptions {
  readonly program?: readonly string[] | undefined;
  readonly mode?: string | undefined;
  readonly log?: Log;
}

/**
 * The command that opens the device at `node`: with the program of this package, or where it was not built for this system, with
 * `gst-launch-1.0` and `v4l2-ctl`, which the log says once.
 * @param mode - The words of a command `mode`: the device is described in that mode, if it takes it.
 * @param program - Another program that speaks the same wire, and its first arguments.
 * @throws {ThingError} `PROGRAM_MISSING` where there is neither; it names what to install.
 */
export async function v4l2Command(
  node: string,
  { program, mode, log }: CommandOptions,
): Promise<Command> {
  const own = program ? undefined : await runnableProgram("v4l2-camera");
  const [name, ...first] = program ?? (own ? [own] : await fallback(log));
  const options = mode === undefined ? [] : ["--mode", mode.replaceAll(" ", ":")];
  return { program: name ?? "v4l2-camera", args: [...first, "stream", node, "--idle", ...options] };
}

async function fallback(log: Log | undefined): Promise<readonly string[]> {
  await programVersion("gst-launch-1.0");
  await programVersion("v4l2-ctl");
  if (!hasTold) {
    const { reason, fix = "" } = programFault("v4l2-camera");
    log?.warn(
      `The V4L2 camera program does not run here (${reason}): gst-launch-1.0 and v4l2-ctl are used, without the driver's times and numbers. ${fix}`.trim(),
    );
  }
  hasTold = true;
  return [process.execPath, fileURLToPath(moduleUrl("src/sources/v4l2/fallback-program"))];
}
