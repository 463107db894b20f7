import { execFile } from "node:child_process";
import { promisify } from "node:util";

const MOST_OUTPUT_BYTES = 1 << 30;

/** What ffprobe says of a film after decoding all of it. */
export interface ProbedFilm {
  /** ms, in the order of time. */
  readonly times: readonly number[];
  /** Frames that could be decoded. */
  readonly decoded: number;
  /** What the decoder complained of first. */
  readonly complaint: string | undefined;
}

/** The times of a film's frames, ms, in order. Rejects when ffprobe is missing or cannot read it. */
export async function probedTimes(path: string): Promise<number[]> {
  return timesIn((await probe(path, ["-show_entries", "packet=pts_time"])).stdout, /^(.*)$/gm);
}

/** The same, and whether each can be decoded. */
export async function probedFilm(path: string): Promise<ProbedFilm> {
  const shown = ["-count_frames", "-show_entries", "packet=pts_time:stream=nb_read_frames"];
  const { stdout, stderr } = await probe(path, shown, "csv=p=1");
  return {
    times: timesIn(stdout, /^packet,(.*)$/gm),
    decoded: Number(/^stream,(\d+)/m.exec(stdout)?.[1] ?? 0),
    complaint: stderr.split("\n").find((line) => line !== ""),
  };
}

function probe(path: string, shown: readonly string[], format = "csv=p=0") {
  const options = "-v error -protocol_whitelist file,pipe -select_streams v:0".split(" ");
  return promisify(execFile)("ffprobe", [...options, ...shown, "-of", format, `file:${path}`], {
    maxBuffer: MOST_OUTPUT_BYTES,
  });
}

function timesIn(text: string, pattern: RegExp): number[] {
  const times = [...text.matchAll(pattern)].flatMap(([, time = ""]) =>
    time === "" ? [] : [1000 * Number.parseFloat(time)],
  );
  return times.sort((a, b) => a - b);
}
