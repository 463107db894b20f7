import type { FileHandle } from "node:fs/promises";
import { ThingError } from "../../base/errors.ts";
import { shellWord } from "../../base/preview.ts";
import { ByteWindow } from "../matroska/byte-window.ts";
import { readHead } from "../matroska/ebml-read.ts";
import { PIECE_BYTES } from "../matroska/file-bytes.ts";
import { ID } from "../matroska/matroska.ts";
import { nextElement } from "../matroska/resync.ts";
import { elementAt } from "./file-look.ts";
import type { Survey } from "./surveyed.ts";

/** What stands behind a recording in its file, and has whole frames: `cat a.mkv b.mkv`. */
interface Joined {
  /** Where it begins. */
  readonly at: number;
  /** Whole frames in it. */
  readonly frames: number;
  /** Whether it begins as a recording does. */
  readonly isRecording: boolean;
}

const EBML = Buffer.of(0x1a, 0x45, 0xdf, 0xa3);
/** More bytes than the head of an EBML file has, with that of its segment. */
const HEAD_BYTES = 256;
const STRIDE_BYTES = 256 * 1024;

/** Frames that a repair would cut off, or give times of another recording; undefined when there are none. */
export async function joinedIn(
  file: FileHandle,
  size: number,
  { kept, damage, cuesAt }: Pick<Survey, "kept" | "damage" | "cuesAt">,
): Promise<Joined | undefined> {
  const window = new ByteWindow(file, size, PIECE_BYTES);
  const last = kept.at(-1);
  const end = cuesAt === undefined ? (last?.offset ?? 0) + (last?.size ?? 0) : cuesAt;
  for (const { at, end } of damage) {
    const head = await fileHeadAfter(window, at, end);
    const frames = head === undefined ? 0 : await countFrom(window, head);
    if (head !== undefined && frames > 0) return { at: head, frames, isRecording: true };
  }
  const changed = new Set(damage.flatMap(({ frames }) => frames.map(({ offset }) => offset)));
  return joinedBehind(window, end, changed);
}

/** The same for what stands behind the index of a closed file, where its frames end. */
export async function joinedBehindCues(
  file: FileHandle,
  cuesAt: number | undefined,
): Promise<Joined | undefined> {
  if (cuesAt === undefined) return undefined;
  const { size } = await file.stat();
  return joinedBehind(new ByteWindow(file, size, PIECE_BYTES), cuesAt);
}

/** @param changed - Where frames stand whose bytes are not those that were recorded, though they may be pictures. */
async function joinedBehind(
  window: ByteWindow,
  end: number,
  changed: ReadonlySet<number> = new Set(),
): Promise<Joined | undefined> {
  const cues = await elementAt(window, end);
  const from = cues?.kind === "cues" && cues.end <= window.size ? cues.end : end;
  const frames = await countFrom(window, from, changed);
  if (frames === 0) return undefined;
  const head = await fileHeadAfter(window, from, window.size);
  return { at: head ?? from, frames, isRecording: head !== undefined };
}

/** How many whole frames are in a file, whatever it begins with. */
function countFrames(file: FileHandle, size: number): Promise<number> {
  return countFrom(new ByteWindow(file, size, PIECE_BYTES), 0);
}

async function countFrom(
  window: ByteWindow,
  from: number,
  changed: ReadonlySet<number> = new Set(),
): Promise<number> {
  let count = 0;
  for (let at = from; at < window.size; ) {
    const found = await nextElement(window, at, window.size);
    if (!found) break;
    if (found.kind === "block" && !changed.has(found.offset)) count += 1;
    at = found.end;
  }
  return count;
}

/** Where a Matroska file begins within another, from a place on. */
async function fileHeadAfter(
  window: ByteWindow,
  from: number,
  to: number,
): Promise<number | undefined> {
  for (let at = from; at < to; at += STRIDE_BYTES) {
    const many = await window.at(at, Math.min(STRIDE_BYTES + HEAD_BYTES, window.size - at));
    const bytes = Buffer.from(many ?? ""); // what the disk cannot read has no head
    for (let n = bytes.indexOf(EBML); n >= 0 && at + n < to; n = bytes.indexOf(EBML, n + 1)) {
      const head = readHead(bytes, n);
      const segment = head && readHead(bytes, n + head.headBytes + head.size);
      if (segment?.id === ID.Segment) return at + n;
    }
  }
  return undefined;
}

/** What is to be said of it, in words that follow the name of the file. */
export function joinedSentence({ at, frames, isRecording }: Joined): string {
  const count = `${frames} whole ${frames === 1 ? "frame follows" : "frames follow"}`;
  return isRecording
    ? `${count} its end, in another recording that was joined to it at byte ${at}`
    : `${count} its end, from byte ${at} on`;
}

/** What is to be done about it. @param path - Of the file, as the user wrote it. */
export function joinedAdvice(path: string, { at, isRecording }: Joined): string {
  const file = shellWord(path);
  const parts = `head -c ${at} ${file} > first.mkv; tail -c +${at + 1} ${file} > second.mkv`;
  return isRecording
    ? `Split the file, then verify or repair each part: ${parts}`
    : `To keep these frames, copy them, then cut the file back to its length: tail -c +${at + 1} ${file} | ffmpeg -f mjpeg -i - -c copy rest.mkv; truncate -s ${at} ${file}`;
}

/**
 * Why a file cannot be read whose beginning is none, and what is in it all the same: nothing says when its pictures were, nor where a new
 * head would have room.
 */
export async function headlessError(
  file: FileHandle,
  path: string,
  cause: ThingError,
): Promise<ThingError> {
  const { size } = await file.stat();
  const count = await countFrames(file, size);
  if (count === 0 || /was written by/.test(cause.message)) return cause;
  const advice = `It still has ${count} whole ${count === 1 ? "picture" : "pictures"}, and was not changed. To extract them, without their times: ffmpeg -f mjpeg -i ${shellWord(path)} -c copy pictures.mkv`;
  return new ThingError(cause.code, `${cause.message} ${advice}`, { cause });
}
