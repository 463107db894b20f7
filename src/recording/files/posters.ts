import { stat } from "node:fs/promises";
import { DiskLane } from "../../base/disk-lane.ts";
import { ThingError } from "../../base/errors.ts";
import { readRegular } from "../../base/regular-file.ts";
import { resizeJpeg } from "../../frames/codec/codec.ts";
import { runProgram } from "../../processes/run-program.ts";
import { encodes } from "../../streams/encode-queue.ts";
import { formatOf } from "../ledger/video-format.ts";
import { extensionOf } from "../ledger/video-names.ts";
import { firstFrameOf } from "./describe.ts";

const SIZE = { width: 320, quality: 75 };
const MOST_KEPT = 64;
const LIMITS = { timeoutMs: 15_000, mostBytes: 64 * 2 ** 20 };
const STARTS: ReadonlySet<string> = new Set(["PROGRAM_MISSING", "PROGRAM_REFUSED"]);

/** Posters of MP4 and WebM files, by path, size and time of the file: ffmpeg is not asked twice. */
const kept = new Map<string, Uint8Array>();
/** One ffmpeg at a time, however many posters a page shows. */
const lane = new DiskLane();

/**
 * The first frame of a recording or a still, small. ffmpeg takes it out of an MP4 or a WebM.
 * @throws {ThingError} `NOT_FOUND` when it has none yet; `PROGRAM_MISSING` where ffmpeg is wanted and not there;
 * `PROGRAM_REFUSED` where this machine starts no more.
 */
export async function posterOf(path: string): Promise<Uint8Array> {
  if (formatOf(path)) return lane.run(() => posterOfVideo(path));
  const frame = extensionOf(path) === "jpg" ? await readRegular(path) : await firstFrameOf(path);
  if (frame) return smallOf(frame);
  throw new ThingError("NOT_FOUND", `${path} has no frame yet.`);
}

/** A file is gone. */
export function forgetPosters(path: string): void {
  for (const key of kept.keys()) if (key.startsWith(`${path} `)) kept.delete(key);
}

async function posterOfVideo(path: string): Promise<Uint8Array> {
  const { size, mtimeMs } = await stat(path);
  const key = `${path} ${size} ${mtimeMs}`;
  const poster = kept.get(key) ?? (await smallOf(await firstPictureOf(path)));
  kept.delete(key);
  kept.set(key, poster);
  if (kept.size > MOST_KEPT) kept.delete([...kept.keys()][0]!);
  return poster;
}

function smallOf(picture: Uint8Array): Promise<Uint8Array> {
  return encodes.alone(() => resizeJpeg(picture, SIZE));
}

async function firstPictureOf(path: string): Promise<Uint8Array> {
  const options = "-v error -nostdin -protocol_whitelist file,pipe -i".split(" ");
  const picture = "-map 0:v:0 -frames:v 1 -q:v 3 -f image2pipe -c:v mjpeg pipe:1".split(" ");
  const args = [...options, `file:${path}`, ...picture];
  const { output, errorLines } = await runProgram({ program: "ffmpeg", args }, LIMITS).catch(
    withoutFfmpeg,
  );
  if (output.length > 0) return output;
  const why = errorLines.at(-1);
  throw new ThingError(
    "NOT_FOUND",
    why ? `ffmpeg found no picture in ${path}: ${why}` : `${path} has no frame.`,
  );
}

function withoutFfmpeg(cause: unknown): never {
  if (!(cause instanceof ThingError) || !STARTS.has(cause.code)) throw cause;
  const why = `The poster of an MP4 or WebM file requires ffmpeg. ${cause.message}`;
  throw new ThingError(cause.code, why, { cause });
}
