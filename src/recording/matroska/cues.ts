import type { FileHandle } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { readHead, readNumber } from "./ebml-read.ts";
import { readIfReadable } from "./file-bytes.ts";
import { type ClusterPlace, ID, SEGMENT_AT } from "./matroska.ts";
import { childrenOf, type FileHead } from "./matroska-head.ts";

/** Entries that are read in one turn of the event loop: a day has 86,400. */
const POINTS_AT_ONCE = 500;
/** More than the index of a month has. */
const MOST_BYTES = 256 * 2 ** 20;
const HEAD_BYTES = 12;

/** The clusters that a file's index lists; undefined when it has none, or it is damaged. */
export async function cuesOf(
  file: FileHandle,
  { cuesAt }: Pick<FileHead, "cuesAt">,
): Promise<ClusterPlace[] | undefined> {
  const { bytes, cues } = (await indexOf(file, cuesAt)) ?? {};
  if (!bytes || !cues) return undefined;
  const places: ClusterPlace[] = [];
  for (const point of childrenOf(bytes, cues.from, cues.end)) {
    const place = placeIn(bytes, point);
    if (!place) return undefined;
    if (places.push(place) % POINTS_AT_ONCE === 0) await setImmediate();
  }
  return places;
}

/** How many bytes stand behind the index of a file, which is its end. */
export async function bytesBehindCues(
  file: FileHandle,
  { cuesAt }: Pick<FileHead, "cuesAt">,
): Promise<number> {
  const { size } = await file.stat();
  const { cues } = (await indexOf(file, cuesAt)) ?? {};
  return cues && cuesAt !== undefined ? size - cuesAt - cues.end : 0;
}

async function indexOf(file: FileHandle, cuesAt: number | undefined) {
  if (cuesAt === undefined) return undefined;
  const { size } = await file.stat();
  const length = await lengthAt(file, cuesAt);
  if (length === undefined || cuesAt + length > size || length > MOST_BYTES) return undefined;
  const bytes = await readIfReadable(file, cuesAt, length);
  const [cues] = bytes ? childrenOf(bytes, 0, bytes.length) : [];
  if (!bytes || cues?.id !== ID.Cues || cues.end > bytes.length) return undefined;
  return { bytes, cues };
}

/** How many bytes an element has, with its head. What stands behind it may be much more. */
async function lengthAt(file: FileHandle, at: number): Promise<number | undefined> {
  const head = readHead((await readIfReadable(file, at, HEAD_BYTES)) ?? new Uint8Array());
  return head && head.headBytes + head.size;
}

function placeIn(bytes: Buffer, point: { from: number; end: number }): ClusterPlace | undefined {
  const find = (id: number, within: { from: number; end: number } | undefined) =>
    within && [...childrenOf(bytes, within.from, within.end)].find((part) => part.id === id);
  const place = find(ID.CueClusterPosition, find(ID.CueTrackPositions, point));
  const time = find(ID.CueTime, point);
  if (!place || !time) return undefined;
  return {
    at: SEGMENT_AT + readNumber(bytes.subarray(place.from, place.end)),
    tick: readNumber(bytes.subarray(time.from, time.end)),
  };
}

/** Whether an index leads to these clusters. */
export function leadsTo(
  cues: readonly ClusterPlace[] | undefined,
  clusters: readonly ClusterPlace[],
): boolean {
  const isSame = ({ at, tick }: ClusterPlace, n: number) =>
    at === clusters[n]?.at && tick === clusters[n].tick;
  return cues?.length === clusters.length && cues.every(isSame);
}
