import type { FileHandle } from "node:fs/promises";
import { element, float, longSize, number, SIZE_BYTES, UNKNOWN_SIZE, VOID } from "./ebml.ts";
import { readHead, readNumber } from "./ebml-read.ts";
import { read } from "./file-bytes.ts";
import { ID } from "./matroska.ts";
import { childrenOf, contentOf, MAX_HEAD_BYTES, type Part } from "./matroska-head.ts";

const [DEFAULT_DURATION, SEEK, SEEK_POSITION, CRC] = [0x23e383, 0x4dbb, 0x53ac, 0xbf] as const;

/** What players are told of the time of frames. */
export interface Pace {
  /** From one frame to the next, on average, ms. */
  readonly periodMs: number;
  /** Of the whole video, ms. */
  readonly durationMs?: number;
}

/**
 * The head of a recording that says how far apart its frames are, for a program that reads it through a pipe: places in the file are
 * not right any more, and it has no end.
 */
export function pacedHead(head: Uint8Array, pace: Pace): Buffer {
  const { segmentAt, parts } = layoutOf(head);
  const kept = parts.filter(({ id }) => id !== ID.SeekHead && id !== VOID);
  return Buffer.concat([
    head.subarray(0, segmentAt - SIZE_BYTES),
    UNKNOWN_SIZE,
    ...kept.map((part) => paced(head, part, pace)),
  ]);
}

/**
 * Says in a finished WebM how far apart its frames are and how long it lasts. ffmpeg knows neither where the times are irregular,
 * and players then take it for 1000 frames/s. What this adds takes the room that ffmpeg left open in the head.
 * @returns false when there is none: then nothing has changed.
 */
export async function notePace(file: FileHandle, pace: Pace): Promise<boolean> {
  const head = await read(file, 0, MAX_HEAD_BYTES);
  const { segmentAt, end, parts } = layoutOf(head);
  const moved = new Map<number, number>();
  const pieces: Buffer[] = [];
  let at = segmentAt;
  for (const part of parts.filter(({ id }) => id !== VOID)) {
    const piece = paced(head, part, pace);
    moved.set(part.at - segmentAt, at - segmentAt);
    pieces.push(piece);
    at += piece.length;
  }
  const left = end - at;
  if (left !== 0 && left < 9) return false;
  for (const piece of pieces) moveSeeks(piece, moved);
  if (left > 0) pieces.push(Buffer.of(VOID), longSize(left - 9), Buffer.alloc(left - 9));
  const bytes = Buffer.concat(pieces);
  await file.write(bytes, 0, bytes.length, segmentAt);
  return true;
}

/** The elements of a segment before its first cluster, which ends them. */
function layoutOf(head: Uint8Array) {
  const ebml = readHead(head);
  const segmentHead = ebml && readHead(head, ebml.headBytes + ebml.size);
  const segmentAt =
    ebml && segmentHead ? ebml.headBytes + ebml.size + segmentHead.headBytes : head.length + 1;
  const all = [...childrenOf(head, segmentAt, head.length)];
  const first = all.findIndex(({ id }) => id === ID.Cluster || id === ID.Cues);
  const parts = first < 0 ? all : all.slice(0, first);
  return { segmentAt, parts, end: parts.at(-1)?.end ?? segmentAt };
}

/** An element of the head as it is when the pace is said in it. */
function paced(head: Uint8Array, part: Part, pace: Pace): Buffer {
  const children = [...childrenOf(head, part.from, part.end)].filter(({ id }) => id !== CRC);
  const bytesOf = ({ at, end }: Part) => head.subarray(at, end);
  if (part.id === ID.Tracks) {
    return element(part.id, ...children.map((child) => pacedTrack(head, child, pace)));
  }
  if (part.id === ID.Info && pace.durationMs !== undefined) {
    const others = children.filter(({ id }) => id !== ID.Duration);
    return element(part.id, ...others.map(bytesOf), float(ID.Duration, pace.durationMs));
  }
  return Buffer.from(bytesOf(part));
}

function pacedTrack(head: Uint8Array, track: Part, { periodMs }: Pace): Uint8Array {
  if (track.id !== ID.TrackEntry) return head.subarray(track.at, track.end);
  const others = [...childrenOf(head, track.from, track.end)].filter(
    ({ id }) => id !== DEFAULT_DURATION && id !== CRC,
  );
  return element(
    ID.TrackEntry,
    ...others.map(({ at, end }) => head.subarray(at, end)),
    number(DEFAULT_DURATION, Math.max(1, Math.round(periodMs * 1e6))),
  );
}

/** Lets a seek head lead to where elements are now. They have moved forward, so that the numbers have room where they stand. */
function moveSeeks(piece: Buffer, moved: ReadonlyMap<number, number>): void {
  const head = readHead(piece);
  if (head?.id !== ID.SeekHead) return;
  for (const seek of childrenOf(piece, head.headBytes, piece.length)) {
    if (seek.id !== SEEK) continue;
    const position = [...childrenOf(piece, seek.from, seek.end)].find(
      ({ id }) => id === SEEK_POSITION,
    );
    if (!position) continue;
    const now = moved.get(readNumber(contentOf(piece, position)));
    if (now === undefined) continue;
    const room = position.end - position.from;
    for (let n = 0; n < room; n++) {
      piece[position.from + n] = Math.floor(now / 256 ** (room - 1 - n)) % 256;
    }
  }
}
