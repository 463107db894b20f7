import { ThingError } from "../../base/errors.ts";
import { readDate, VOID } from "./ebml.ts";
import { type ElementHead, readHead, readNumber } from "./ebml-read.ts";
import { type FileInfo, type HeadPlaces, ID, ORIENTATION } from "./matroska.ts";

/** More bytes than any head of ours has. */
export const MAX_HEAD_BYTES = 1024 * 1024;

const ENDS = "it ends before its first frame";
const DAMAGED = "the part before its first frame is damaged";
/** Where less than this follows what is whole, the file may just end within a part of its head. */
const MOST_PART = 64 * 1024;

/** What stands before the first cluster of a file. */
export interface FileHead {
  readonly info: FileInfo;
  readonly places: HeadPlaces;
  /** Where clusters begin. */
  readonly clustersAt: number;
  /** Bytes of all that belongs to it, as it says; Infinity while that is not known. */
  readonly bytes: number;
  /** Where the cues stand, in a file that was closed. */
  readonly cuesAt: number | undefined;
  /** Ticks; none in a file that was not closed. */
  readonly durationTicks: number | undefined;
}

/**
 * Reads what stands before the first cluster, or all there is if there is none.
 * @throws {ThingError} `BAD_RECORDING` when the bytes are not the beginning of a recording.
 */
export function readFileHead(bytes: Uint8Array): FileHead {
  try {
    return headIn(bytes);
  } catch (error) {
    if (error instanceof ThingError) throw error;
    throw badHead(DAMAGED);
  }
}

function headIn(bytes: Uint8Array): FileHead {
  if (bytes.length === 0) throw badHead("it is empty, and ended before its first frame");
  const ebml = readHead(bytes);
  if (ebml?.id !== ID.EBML) throw badHead("it is not a Matroska file");
  const segmentAt = ebml.headBytes + ebml.size;
  const segment = readHead(bytes, segmentAt);
  if (!segment) throw badHead(segmentAt > bytes.length - 12 ? ENDS : DAMAGED);
  if (segment.id !== ID.Segment) throw badHead(DAMAGED);
  const segmentContentAt = segmentAt + segment.headBytes;
  const parts = new Map<number, Part>();
  let at = segmentContentAt;
  for (const part of childrenOf(bytes, at, bytes.length)) {
    if (!HEAD_PARTS.has(part.id)) break; // a cluster, or what damage has made of one
    if (part.id === ID.Info) assertOwn(bytes, part);
    parts.set(part.id, part);
    at = part.end;
  }
  const [info, tracks, tags] = [parts.get(ID.Info), parts.get(ID.Tracks), parts.get(ID.Tags)];
  if (!info || !tracks || !tags) throw badHead(at < bytes.length - MOST_PART ? DAMAGED : ENDS);
  const duration = [...childrenOf(bytes, info.from, info.end)][0];
  const seekHead = parts.get(ID.SeekHead);
  const cues = seekHead && cuesIn(bytes, seekHead);
  return {
    info: infoFrom(bytes, info, tracks, tags),
    places: {
      ...{ info: info.at, duration: info.from, tracks: tracks.at, tags: tags.at },
      frameDuration: frameDurationAt(bytes, tracks),
    },
    clustersAt: at,
    bytes: segmentContentAt + segment.size,
    cuesAt: cues === undefined ? undefined : segmentContentAt + cues,
    durationTicks:
      duration?.id === ID.Duration
        ? Buffer.from(contentOf(bytes, duration)).readDoubleBE()
        : undefined,
  };
}

const HEAD_PARTS: ReadonlySet<number> = new Set([VOID, ID.SeekHead, ID.Info, ID.Tracks, ID.Tags]);
const MUXING_APP = 0x4d80;

/** A program that puts a recording into a new file writes its own name there, and frames to other places. */
function assertOwn(bytes: Uint8Array, info: Part): void {
  const part = [...childrenOf(bytes, info.from, info.end)].find(({ id }) => id === MUXING_APP);
  const program = part && new TextDecoder().decode(contentOf(bytes, part));
  if (program === undefined || program.startsWith("thingscope")) return;
  throw new ThingError(
    "BAD_RECORDING",
    `It was written by ${program}, not by Thingscope, so its frames are not where a ledger says. Players and ffmpeg can read it; verify, repair and openRecording read only the MKV as it was recorded.`,
  );
}

/** An element inside of another. */
export interface Part extends ElementHead {
  readonly at: number;
  /** Where its content begins. */
  readonly from: number;
  readonly end: number;
}

/** The whole elements between two places. */
export function* childrenOf(bytes: Uint8Array, from: number, to: number): Generator<Part> {
  for (let at = from; at < to; ) {
    const head = readHead(bytes, at);
    if (!head || at + head.headBytes > to) return;
    const part = { ...head, at, from: at + head.headBytes, end: at + head.headBytes + head.size };
    const isWhole = part.end <= to || head.id === ID.Cluster || head.id === ID.Cues;
    if (!isWhole) return;
    yield part;
    at = part.end;
  }
}

/** The content of an element. */
export function contentOf(bytes: Uint8Array, { from, end }: Part): Uint8Array {
  return bytes.subarray(from, end);
}

function infoFrom(bytes: Uint8Array, info: Part, tracks: Part, tags: Part): FileInfo {
  const find = (part: Part, ...path: number[]): Uint8Array => {
    let found: Part | undefined = part;
    for (const id of path) {
      found = found && [...childrenOf(bytes, found.from, found.end)].find((one) => one.id === id);
    }
    if (!found) throw badHead(`it has no element ${path.at(-1)?.toString(16)}`);
    return contentOf(bytes, found);
  };
  const video = [ID.TrackEntry, ID.Video];
  const tag = [...childrenOf(bytes, tags.from, tags.end)].find(({ id }) => id === ID.Tag);
  const simpleTags = tag ? [...childrenOf(bytes, tag.from, tag.end)] : [];
  const words = new TextDecoder();
  const named = Object.fromEntries(
    simpleTags
      .filter(({ id }) => id === ID.SimpleTag)
      .map((one) => [words.decode(find(one, ID.TagName)), words.decode(find(one, ID.TagString))]),
  );
  const isTurned = Number(named[ORIENTATION] ?? 1) >= 5;
  const [across, down] = isTurned
    ? [ID.PixelHeight, ID.PixelWidth]
    : [ID.PixelWidth, ID.PixelHeight];
  return {
    width: readNumber(find(tracks, ...video, across)),
    height: readNumber(find(tracks, ...video, down)),
    timeZero: readDate(find(info, ID.DateUTC)),
    software: words.decode(find(info, 0x5741)),
    tags: named,
  };
}

/** Where a track says how long its frames last, or leaves room for that. */
function frameDurationAt(bytes: Uint8Array, tracks: Part): number | undefined {
  const [track] = childrenOf(bytes, tracks.from, tracks.end);
  const parts = track ? [...childrenOf(bytes, track.from, track.end)] : [];
  return parts.find(({ id }) => id === ID.DefaultDuration || id === VOID)?.at;
}

/** Where the seek head says that the cues are, counted from the segment's content. */
function cuesIn(bytes: Uint8Array, seekHead: Part): number | undefined {
  for (const seek of childrenOf(bytes, seekHead.from, seekHead.end)) {
    const [id, position] = [...childrenOf(bytes, seek.from, seek.end)];
    if (!id || !position || readNumber(contentOf(bytes, id)) !== ID.Cues) continue;
    return readNumber(contentOf(bytes, position));
  }
  return undefined;
}

function badHead(why: string): ThingError {
  return new ThingError("BAD_RECORDING", `This is not a readable recording: ${why}.`);
}
