import { ThingError } from "../../base/errors.ts";
import type { Command } from "../../processes/child.ts";
import { nativeProgram } from "../../processes/native-program.ts";

/**
 * The command that opens the device at `node`.
 * @param program - Another program than that of this package, and its first arguments.
 * @throws {ThingError} `PROGRAM_MISSING` where there is none for this system.
 */
export function v4l2Command(node: string, program?: readonly string[]): Command {
  const own = nativeProgram("v4l2-camera");
  const [name, ...first] = program ?? (own ? [own] : []);
  if (name === undefined)
    throw new ThingError(
      "PROGRAM_MISSING",
      `There is no V4L2 camera program for ${process.platform} on ${process.arch}. Build it with: npm run build:native.`,
    );
  return { program: name, args: [...first, "stream", node, "--idle"] };
}
