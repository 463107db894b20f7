import { ThingError } from "../../base/errors.ts";
import { runProgram } from "../../processes/run-program.ts";

/** All of a video is decoded, hours of it on a small machine. */
const LIMITS = { timeoutMs: 6 * 3_600_000, mostBytes: 1 << 29 };

/** What ffprobe says of a video after decoding all of it. */
export interface ProbedVideo {
  /** ms, in the order of time. */
  readonly times: readonly number[];
  /** Frames that could be decoded. */
  readonly decoded: number;
  /** What the decoder complained of first. */
  readonly complaint: string | undefined;
}

/** The times of a video's frames, ms, in order. Rejects when ffprobe is missing or cannot read it. */
export async function probedTimes(path: string): Promise<number[]> {
  return timesIn((await probe(path, ["-show_entries", "packet=pts_time"])).text, /^(.*)$/gm);
}

/** The same, and whether each can be decoded. */
export async function probedVideo(path: string, signal?: AbortSignal): Promise<ProbedVideo> {
  const shown = ["-count_frames", "-show_entries", "packet=pts_time:stream=nb_read_frames"];
  const { text, firstError } = await probe(path, shown, "csv=p=1", signal);
  return {
    times: timesIn(text, /^packet,(.*)$/gm),
    decoded: Number(/^stream,(\d+)/m.exec(text)?.[1] ?? 0),
    complaint: firstError,
  };
}

async function probe(
  path: string,
  shown: readonly string[],
  format = "csv=p=0",
  signal?: AbortSignal,
) {
  const options = "-v error -protocol_whitelist file,pipe -select_streams v:0".split(" ");
  const args = [...options, ...shown, "-of", format, `file:${path}`];
  const { code, output, firstError } = await runProgram(
    { program: "ffprobe", args },
    { ...LIMITS, ...(signal && { signal }) },
  );
  if (code !== 0) {
    const why = firstError ?? `it ended with code ${code}`;
    throw new ThingError("BAD_RECORDING", `ffprobe cannot read ${path}: ${why}`);
  }
  return { text: output.toString("latin1"), firstError };
}

function timesIn(text: string, pattern: RegExp): number[] {
  const times = [...text.matchAll(pattern)].flatMap(([, time = ""]) =>
    time === "" ? [] : [1000 * Number.parseFloat(time)],
  );
  return times.sort((a, b) => a - b);
}
