import type { FileHandle } from "node:fs/promises";
import { crc32 } from "../../base/crc32.ts";
import { inspectJpeg, orientationOf } from "../../frames/jpeg/jpeg.ts";
import type { Ledger } from "../ledger/read-ledger.ts";
import { voidHead } from "../matroska/elements.ts";
import { readIfReadable } from "../matroska/file-bytes.ts";
import {
  BLOCK_HEAD_BYTES,
  CLUSTER_HEAD_BYTES,
  fileHead,
  ORIENTATION,
  type Patch,
} from "../matroska/matroska.ts";
import { type FileHead, readFileHead } from "../matroska/matroska-head.ts";
import { headOf } from "../matroska/scan.ts";

/** How many of the first frames may be damaged, too. */
const FRAMES_TRIED = 1000;

/** A file's head, and what makes it so if it is damaged. */
export interface RecordingHead extends FileHead {
  readonly patches: readonly Patch[];
}

/**
 * What stands before the first frame of a file; made anew from the ledger where it is damaged.
 * @throws {ThingError} `BAD_RECORDING` when nobody knows it.
 */
export async function recordingHead(
  file: FileHandle,
  ledger: Ledger | undefined,
): Promise<RecordingHead> {
  try {
    const head = await headOf(file);
    const isTrue = ledger?.head === undefined || ledger.head.timeZero === head.info.timeZero;
    const rebuilt = isTrue ? undefined : await rebuiltHead(file, ledger);
    return rebuilt ?? { ...head, patches: [] };
  } catch (error) {
    const rebuilt = await rebuiltHead(file, ledger);
    if (rebuilt) return rebuilt;
    throw error;
  }
}

/** @returns undefined when the ledger does not know enough, or is another's. */
async function rebuiltHead(
  file: FileHandle,
  ledger: Ledger | undefined,
): Promise<RecordingHead | undefined> {
  const first = ledger?.frames.at(0);
  if (!ledger?.head || !first) return undefined;
  const jpeg = await someFrame(file, ledger);
  if (!jpeg) return undefined;
  const { width, height } = inspectJpeg(jpeg);
  const { timeZero, software, camera, reason, settings, expectedFps: rate } = ledger.head;
  const lying = orientationOf(jpeg);
  const about = { CAMERA: camera, RUN: first.run, REASON: reason };
  const turn = lying === 1 ? {} : { [ORIENTATION]: `${lying}` };
  const tags = { ...about, ...turn };
  const all = { ...about, SETTINGS: JSON.stringify(settings) ?? "", ...turn };
  const length = first.offset - BLOCK_HEAD_BYTES - CLUSTER_HEAD_BYTES;
  for (const told of [all, tags, turn]) {
    const bytes = fileHead({ width, height, timeZero, software, rate, tags: told });
    const left = length - bytes.length;
    if (left < 0 || left === 1) continue;
    const whole = left === 0 ? bytes : Buffer.concat([bytes, padding(left)]);
    return { ...readFileHead(whole), clustersAt: length, patches: [{ at: 0, bytes: whole }] };
  }
  return undefined;
}

function padding(length: number): Buffer {
  const head = voidHead(length);
  return Buffer.concat([head, Buffer.alloc(length - head.length)]);
}

async function someFrame(file: FileHandle, { frames }: Ledger): Promise<Buffer | undefined> {
  for (let n = 0; n < Math.min(frames.length, FRAMES_TRIED); n++) {
    const { offset, size, crc } = frames.at(n)!;
    const jpeg = await readIfReadable(file, offset, size);
    if (jpeg && crc32(jpeg) === crc) return jpeg;
  }
  return undefined;
}
