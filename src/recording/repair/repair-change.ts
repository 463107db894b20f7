import type { FileHandle } from "node:fs/promises";
import { writeAll } from "../files/recording-files.ts";
import { durationFault } from "../ledger/recorded-times.ts";
import { cuesOf, leadsTo } from "../matroska/cues.ts";
import { longSize, SIZE_BYTES } from "../matroska/ebml.ts";
import { read } from "../matroska/file-bytes.ts";
import {
  closingOf,
  clusterSize,
  type Patch,
  SEGMENT_AT,
  SEGMENT_SIZE_AT,
  TICKS_PER_MS,
  type Times,
} from "../matroska/matroska.ts";
import type { Survey } from "../survey/surveyed.ts";
import type { RecordingHead } from "./rebuilt-head.ts";

/** What a repair writes to a file. */
export interface Change {
  /** Whether the file is as it should be. */
  readonly isNone: boolean;
  /** What is written over. */
  readonly patches: readonly Patch[];
  /** Where that stands. */
  readonly ranges: readonly { at: number; length: number }[];
  /** Where the frames end; what stood behind that is cut off, and replaced by the cues. */
  readonly end: number;
  readonly cues: Uint8Array;
  /** Bytes of the file afterwards. */
  readonly bytes: number;
}

/** What is to be changed so that a file is closed, ends with its last whole frame, and shows nothing damaged. */
export async function changeOf(
  file: FileHandle,
  head: RecordingHead,
  found: Survey,
): Promise<Change> {
  const { kept, structure } = found;
  const last = kept.at(-1)!;
  const end = last.offset + last.size;
  structure.cutTo(end);
  const { clusters } = structure;
  const { cues, patches } = closingOf(head.places, clusters, end, timesOf(found));
  const sizes = clusters.flatMap((cluster, n) => {
    const ends = clusters[n + 1]?.at ?? end;
    const patch = clusterSize(cluster, ends);
    return cluster.size === ends - patch.at - patch.bytes.length ? [] : [patch];
  });
  const bytes = end + cues.length;
  const { size } = await file.stat();
  const isTrue = head.bytes === bytes || head.bytes === Number.POSITIVE_INFINITY;
  const isLong = isTrue && size === bytes && head.cuesAt === end && !durationFault(head, kept);
  const hasCues = isLong && leadsTo(await cuesOf(file, head), clusters);
  const isClosed = hasCues && head.durationTicks !== undefined && (await saysSize(file, bytes));
  const closing = isClosed ? [] : patches;
  const all = [...head.patches, ...structure.patches, ...sizes, ...closing];
  return {
    isNone: isClosed && all.length === 0,
    patches: all,
    ranges: all.map(({ at, bytes: { length } }) => ({ at, length })),
    end,
    cues,
    bytes,
  };
}

/** Whether the segment says how many bytes it has: a power cut may have left what was written after that. */
async function saysSize(file: FileHandle, bytes: number): Promise<boolean> {
  const told = await read(file, SEGMENT_SIZE_AT, SIZE_BYTES);
  return told.equals(longSize(bytes - SEGMENT_AT));
}

function timesOf({ kept }: Survey): Times {
  const [first, last] = [kept.at(0)!, kept.at(-1)!];
  const lastMs = last.capturedAt - (kept.at(-2)?.capturedAt ?? last.capturedAt);
  return {
    frames: kept.length,
    spanTicks: Math.max(0, Math.round((last.capturedAt - first.capturedAt) * TICKS_PER_MS)),
    lastTicks: Math.max(0, Math.round(lastMs * TICKS_PER_MS)),
  };
}

/** Makes a change. The seek head comes last: where it tells of cues, the file is closed. */
export async function makeChange(file: FileHandle, { patches, end, cues }: Change): Promise<void> {
  const inFile = patches.filter(({ at }) => at !== SEGMENT_AT);
  await file.truncate(end);
  for (const { at, bytes } of inFile) await writeAll(file, [bytes], at);
  await writeAll(file, [cues], end);
  await file.datasync();
  for (const { at, bytes } of patches) if (at === SEGMENT_AT) await writeAll(file, [bytes], at);
  await file.datasync();
}
