import type { FileHandle } from "node:fs/promises";
import { createInterface } from "node:readline";
import { delay, within } from "../../base/abort.ts";
import { ThingError } from "../../base/errors.ts";
import { slowReaders } from "../../base/slow-readers.ts";
import type { Orientation } from "../../frames/jpeg/exif-orientation.ts";
import { orientationOf } from "../../frames/jpeg/jpeg.ts";
import { Child, type Exit } from "../../processes/child.ts";
import { startFailure } from "../../processes/start-failure.ts";
import { FrameSum } from "../ledger/frame-sum.ts";
import { encodingOf, tagsOf, type VideoFormat } from "../ledger/video-format.ts";
import { UNKNOWN_SIZE } from "../matroska/ebml.ts";
import { read } from "../matroska/file-bytes.ts";
import { SEGMENT_SIZE_AT, TICKS_PER_MS } from "../matroska/matroska.ts";
import { headOf, scan } from "../matroska/scan.ts";
import { pacedHead } from "../matroska/track-rate.ts";
import { videoPieces } from "./video-frames.ts";

/** What ffmpeg is to make of a recording. */
interface ConversionOptions {
  readonly format: VideoFormat;
  readonly keepStart?: boolean | undefined;
  /** While the recording is still being written: settles when that is over. */
  readonly until?: Promise<unknown> | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const LOOK_EVERY_MS = 100;
/** So many frames of a recording that is being written say at what rate they come. */
const FRAMES_FOR_A_RATE = 10;
/** An encoder that takes nothing for so long hangs. */
const TAKES_NOTHING_MS = 600_000;
const cutEncoders = slowReaders("encoder", "cut");
/** What it has to do once it has all: to put the index of an MP4 first, on a slow disk. */
const FINISHES_MS = 3_600_000;

/**
 * Has ffmpeg make a video of a recording, after it or while it is written: it is fed with the file as it grows.
 * @returns which frames it was given.
 * @throws {ThingError} `RECORDING_FAILED` when ffmpeg fails or hangs.
 */
export async function convert(
  file: FileHandle,
  draft: string,
  options: ConversionOptions,
): Promise<FrameSum> {
  const { format, keepStart = false, signal } = options;
  const growth = growthOf(options);
  const { info } = await headOf(file);
  const begin = await beginOf(file, growth, signal);
  const args = [
    ..."-v error -y -progress pipe:1 -noautorotate -f matroska -i pipe:0".split(" "),
    ...encodingOf(format, info, begin.orientation),
    ...tagsOf({ timeZero: info.timeZero, startMs: begin.startMs, keepStart }),
    ...(keepStart ? ["-copyts"] : []),
    ...["-f", format, `file:${draft}`], // or a colon in the name would make it a protocol
  ];
  const child = new Child({ program: "ffmpeg", args }, { outputs: [1], input: true });
  const kill = () => child.kill();
  signal?.addEventListener("abort", kill);
  if (signal?.aborted) kill();
  const given = new FrameSum();
  try {
    let total = Number.POSITIVE_INFINITY;
    createInterface({ input: child.output(1) }).on("line", (line) => {
      const done = /^frame=(\d+)/.exec(line)?.[1];
      if (done) options.onProgress?.(Math.min(1, Number(done) / total));
    });
    await feed(file, child, { growth, begin, given });
    total = await countFrames(file);
    const exit = await within(child.ended, FINISHES_MS, () => hangs("did not finish", FINISHES_MS));
    signal?.throwIfAborted();
    if (exit.error) throw failed(startFailure("ffmpeg", exit.error).message);
    if (exit.code !== 0) throw failed(`ffmpeg ${wordsOf(exit, child.errorLines)}`);
    options.onProgress?.(1); // it may have told of its last frame before that was counted
    return given;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", kill);
    child.kill();
  }
}

/** Whether a recording is over. */
interface Growth {
  isOver: boolean;
}

function growthOf({ until }: ConversionOptions): Growth {
  const growth = { isOver: until === undefined };
  const over = () => {
    growth.isOver = true;
  };
  until?.then(over, over);
  return growth;
}

/** What ffmpeg is told before all frames are there. */
interface Begin {
  /** Time of the first frame, ms from the file's time 0. */
  readonly startMs: number;
  /** From one frame to the next, as far as can be said, ms. */
  readonly periodMs: number | undefined;
  /** How its JPEG lies. */
  readonly orientation: Orientation;
}

async function beginOf(file: FileHandle, growth: Growth, signal?: AbortSignal): Promise<Begin> {
  const { clustersAt } = await headOf(file);
  for (;;) {
    const wasOver = growth.isOver;
    const ticks: number[] = [];
    let orientation: Orientation = 1;
    for await (const part of scan(file, clustersAt)) {
      if (part.kind !== "block") continue;
      if (ticks.length === 0) orientation = orientationOf(await read(file, part.offset, part.size));
      ticks.push(part.tick);
      if (ticks.length === FRAMES_FOR_A_RATE) break;
    }
    if (ticks.length < FRAMES_FOR_A_RATE && !wasOver) {
      await delay(LOOK_EVERY_MS, signal);
      continue;
    }
    const [first = 0, last = 0] = [ticks[0], ticks.at(-1)];
    const periodMs = (last - first) / (ticks.length - 1) / TICKS_PER_MS;
    const startMs = first / TICKS_PER_MS;
    return { startMs, periodMs: periodMs > 0 ? periodMs : undefined, orientation };
  }
}

/** Gives ffmpeg the recording, as far as it is written, until it is over. */
async function feed(
  file: FileHandle,
  child: Child,
  { growth, begin, given }: { growth: Growth; begin: Begin; given: FrameSum },
): Promise<void> {
  const { input } = child;
  const { periodMs, orientation } = begin;
  if (!input) return; // it could not be started: "ended" says why
  let isGone = false;
  void child.ended.then(() => {
    isGone = true;
    input.destroy(); // whoever waits for it to drain is told
  });
  const { clustersAt } = await headOf(file);
  const head = await read(file, 0, clustersAt);
  head.set(UNKNOWN_SIZE, SEGMENT_SIZE_AT); // frames that are written anew have other sizes
  await written(input, periodMs === undefined ? head : pacedHead(head, { periodMs }));
  const isOver = () => isGone || growth.isOver;
  for await (const piece of videoPieces(file, clustersAt, { isOver, orientation, given })) {
    if (isGone) break;
    await written(input, piece);
  }
  input.end();
}

/** Resolves when the program has room for more, or has gone. */
function written(input: NonNullable<Child["input"]>, bytes: Uint8Array): Promise<void> {
  const taken = new Promise<void>((resolve) => {
    if (input.destroyed) return resolve();
    input.once("close", resolve);
    input.write(bytes, () => {
      input.off("close", resolve);
      resolve();
    });
  });
  return within(taken, TAKES_NOTHING_MS, () => {
    cutEncoders();
    return hangs("accepted no frame", TAKES_NOTHING_MS);
  });
}

async function countFrames(file: FileHandle): Promise<number> {
  let count = 0;
  const { clustersAt } = await headOf(file);
  for await (const { kind } of scan(file, clustersAt)) if (kind === "block") count += 1;
  return Math.max(1, count);
}

function wordsOf({ code, signal }: Exit, errorLines: readonly string[]): string {
  const last = errorLines.at(-1);
  return `ended with ${code ?? signal}${last ? `: ${last}` : " and gave no reason"}`;
}

function hangs(what: string, ms: number): ThingError {
  return failed(`ffmpeg ${what} within ${ms / 60_000} min and was stopped`);
}

function failed(why: string): ThingError {
  return new ThingError("RECORDING_FAILED", why);
}
