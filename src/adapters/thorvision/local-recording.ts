import { createWriteStream, type WriteStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { delay } from "../../base/abort.ts";
import { ThingError } from "../../base/errors.ts";
import { makeFolders } from "../../base/make-folders.ts";
import { Child, type Command } from "../../processes/child.ts";
import { startFailure } from "../../processes/start-failure.ts";

/** When a recording continues in another file; 0 or absent: never. */
export interface SplitOptions {
  /** The maximum number of files; beyond it the oldest is overwritten. */
  readonly splitMaxFiles?: number;
  /** Seconds. */
  readonly splitMaxTimeSec?: number;
  /** Million bytes. */
  readonly splitMaxSizeMb?: number;
  /** Writes GStreamer's output to a log beside the files. */
  readonly gstreamerDebug?: boolean;
}

/** The GStreamer elements that are needed. */
export const RECORDING_ELEMENTS = ["srtclientsrc", "jpegparse", "splitmuxsink", "matroskamux"];

const LATENCY_MS = 500;
const FINISH_MS = 5000;
const EARLY_MS = 1000; // a program that cannot run has ended by then

/** A GStreamer child that receives a stream by SRT and records it. */
export interface LocalRecording {
  readonly pipeline: string;
  readonly child: Child;
  readonly logFile: WriteStream | undefined;
  readonly logFilePath: string | undefined;
}

/**
 * A base name in a folder that no file there begins with. Creates the folder.
 * @param name - The camera's; other characters than letters and digits become `_`.
 */
export async function freeBaseName(
  folder: string,
  id: number,
  name: string,
  date: Date,
): Promise<string> {
  await makeFolders(folder);
  const there = await readdir(folder);
  const plain = name.replace(/[^\p{L}\p{N}]/gu, "_");
  const base = `${id}_${plain}_${stamp(date)}`;
  for (let n = 1; ; n++) {
    const wanted = n === 1 ? base : `${base}_${n}`;
    if (!there.some((file) => file.startsWith(`${wanted}-`))) return join(folder, wanted);
  }
}

/**
 * Records what comes from `url` into `BASE-00.mkv`, `BASE-01.mkv` and so on.
 * @throws {ThingError} `RECORDING_FAILED` when the child ends within a second.
 */
export async function recordLocally(
  url: string,
  base: string,
  options: SplitOptions,
): Promise<LocalRecording> {
  const command = commandFor(url, base, options);
  const logFilePath = options.gstreamerDebug ? `${base}.gstreamer.log` : undefined;
  const logFile = logFilePath === undefined ? undefined : createWriteStream(logFilePath);
  logFile?.on("error", () => logFile.destroy()); // a log that cannot be written must not end the recording
  const child = new Child(command, {
    finishMs: FINISH_MS,
    outputs: logFile ? [1] : [],
    ...(logFile && { env: { ...process.env, GST_DEBUG: "3", GST_DEBUG_NO_COLOR: "1" } }),
    onErrorLine: (line) => logFile?.writable && logFile.write(`${line}\n`),
  });
  if (logFile) child.output(1).pipe(logFile, { end: false });
  const recording = { pipeline: textOf(command), child, logFile, logFilePath };
  const end = await Promise.race([child.ended, delay(EARLY_MS)]);
  if (!end) return recording;
  await closeLog(recording);
  const reason = end.error
    ? startFailure(command.program, end.error).message
    : (child.errorLines.at(-1) ?? "it reported no error");
  throw new ThingError("RECORDING_FAILED", `GStreamer did not start to record: ${reason}`);
}

/** Lets the child finish its files. Resolves when it has ended. */
export async function endRecording(recording: LocalRecording): Promise<void> {
  await recording.child.stop();
  await closeLog(recording);
}

async function closeLog({ logFile }: LocalRecording): Promise<void> {
  if (!logFile || logFile.destroyed) return;
  logFile.end();
  await finished(logFile).catch(() => {});
}

function commandFor(url: string, base: string, options: SplitOptions): Command {
  const { splitMaxFiles = 0, splitMaxTimeSec = 0, splitMaxSizeMb = 0 } = options;
  const args = [
    ...["-e", ...(options.gstreamerDebug ? ["-v"] : ["-q"])],
    ...["srtclientsrc", `uri=${url}`, `latency=${LATENCY_MS}`, "!", "queue", "!", "jpegparse", "!"],
    ...["splitmuxsink", `max-files=${splitMaxFiles}`],
    ...[`max-size-time=${Math.round(splitMaxTimeSec * 1e9)}`],
    ...[`max-size-bytes=${Math.round(splitMaxSizeMb * 1e6)}`],
    ...["muxer-factory=matroskamux", `location=${base}-%02d.mkv`],
  ];
  return { program: "gst-launch-1.0", args };
}

/** The command line as a user could type it. */
function textOf({ program, args }: Command): string {
  const quoted = args.map((word) =>
    /^[\w.:/=+-]+$/.test(word) || word === "!" ? word : `'${word}'`,
  );
  return [program, ...quoted].join(" ");
}

/** Local time, formatted as in pythorvision's file names. */
function stamp(date: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return `${day}_${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}
