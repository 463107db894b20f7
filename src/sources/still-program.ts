import { now } from "../base/clock.ts";
import { ThingError } from "../base/errors.ts";
import { inspectJpeg } from "../frames/jpeg/jpeg.ts";
import { JpegSplitter } from "../frames/jpeg/jpeg-splitter.ts";
import type { StillPicture } from "../instruments/camera.ts";
import type { Command } from "../processes/child.ts";
import { runProgram } from "../processes/run-program.ts";

const LIMITS = { timeoutMs: 90_000, mostBytes: 128 << 20 };

/**
 * Runs a program that takes one picture and writes it to its output.
 * @param signal - Aborts when nobody wants it any more: the program is ended, which leaves the device as it was.
 * @param refused - The error for what it printed when it gave none; undefined for words that are not known.
 * @throws {ThingError} `SOURCE_FAILED` with its last words when there is no whole JPEG; `PROGRAM_MISSING`, `PROGRAM_REFUSED`.
 */
export async function stillOf(
  command: Command,
  signal: AbortSignal,
  refused: (lines: readonly string[]) => ThingError | undefined,
): Promise<StillPicture> {
  const { output, errorLines, code } = await runProgram(command, { ...LIMITS, signal });
  const [jpeg] = new JpegSplitter({ maxBytes: LIMITS.mostBytes }).push(output);
  if (jpeg) {
    const { width, height } = inspectJpeg(jpeg);
    return { jpeg, width, height, capturedAt: now() };
  }
  const known = refused(errorLines);
  if (known) throw known;
  const what = output.length > 0 ? "a picture that is not a JPEG" : "no picture";
  const words = errorLines.length > 0 ? ` Its last words: ${errorLines.slice(-2).join(" ")}` : "";
  throw new ThingError(
    "SOURCE_FAILED",
    `${command.program} gave ${what} (code ${code}).${words} If the camera stores raw pictures, set its image format to one with JPEG.`,
  );
}
