import { deviceTrouble } from "../base/device-trouble.ts";
import { asSentence } from "../base/errors.ts";
import type { Exit } from "../processes/child.ts";
import { elementMissingSentence, forgetProgram } from "../processes/programs.ts";
import { startFailure } from "../processes/start-failure.ts";
import { endSentence } from "../processes/supervised-process.ts";

/** Why a pipeline ended, in one sentence that names the element, file or device at fault. */
export function explainPipelineEnd(
  program: string,
  exit: Exit,
  errorLines: readonly string[],
): string {
  if (exit.error) {
    forgetProgram(program);
    return startFailure(program, exit.error).message;
  }
  const gst = gstreamerSentence(errorLines);
  if (gst) return deviceTrouble(gst) ?? gst;
  if (exit.code === 0) return `${program} reached the end of its pictures.`;
  if (program.endsWith("ffmpeg") && errorLines.length > 0 && exit.code !== null) {
    const why = asSentence(errorLines.slice(-2).join("; "));
    return deviceTrouble(why) ?? `ffmpeg ended: ${why}`;
  }
  return endSentence(program, exit, errorLines);
}

function gstreamerSentence(lines: readonly string[]): string | undefined {
  const element = firstMatch(lines, /no element "([^"]+)"/);
  if (element?.[1]) return elementMissingSentence(element[1]);
  const wrong = firstMatch(lines, /erroneous pipeline: (.+)/);
  if (wrong?.[1]) {
    return `GStreamer cannot build the pipeline: ${asSentence(wrong[1])}${unfilled(wrong[1])}`;
  }
  const error = firstMatch(
    lines,
    /^ERROR: from element (\S+?): (?!GStreamer error: state change)(.+)/,
  );
  if (!error) return undefined;
  const at = lines.indexOf(error.input);
  const detail = lines
    .slice(at + 1, at + 5)
    .find((line) =>
      /^(system error: |No such |streaming stopped|Buffer pool activation)/.test(line),
    );
  const hint = detail?.includes("not-negotiated")
    ? " The elements before and after it cannot agree on a format; a tapped tee must carry raw video or JPEG."
    : "";
  const name = error[1]?.split(/[/:]/).at(-1) ?? "";
  return `GStreamer's element ${name} failed: ${asSentence(error[2] ?? "")}${detail ? ` ${asSentence(detail)}` : ""}${hint}`;
}

/** What to do about a `{name}` that GStreamer was given as it stands. */
function unfilled(sentence: string): string {
  const [place, name] = /\{([A-Za-z_][\w-]*)\}/.exec(sentence) ?? [];
  if (!place) return "";
  return ` ${place} cannot be a parameter on a command line: put the pipeline into a file, and use --file=FILE --${name}=VALUE.`;
}

function firstMatch(lines: readonly string[], pattern: RegExp): RegExpExecArray | undefined {
  for (const line of lines) {
    const match = pattern.exec(line);
    if (match) return match;
  }
  return undefined;
}
