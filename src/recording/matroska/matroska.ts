import {
  date,
  element,
  float,
  idBytes,
  longSize,
  number,
  room,
  SIZE_BYTES,
  text,
  UNKNOWN_SIZE,
} from "./ebml.ts";

/** Ids of the Matroska elements that a recording has. @see RFC 9559. */
export const ID = {
  EBML: 0x1a45dfa3,
  Segment: 0x18538067,
  SeekHead: 0x114d9b74,
  Info: 0x1549a966,
  Duration: 0x4489,
  DateUTC: 0x4461,
  Tracks: 0x1654ae6b,
  TrackEntry: 0xae,
  DefaultDuration: 0x23e383,
  Video: 0xe0,
  PixelWidth: 0xb0,
  PixelHeight: 0xba,
  Tags: 0x1254c367,
  Tag: 0x7373,
  SimpleTag: 0x67c8,
  TagName: 0x45a3,
  TagString: 0x4487,
  Cluster: 0x1f43b675,
  Timestamp: 0xe7,
  SimpleBlock: 0xa3,
  Cues: 0x1c53bb6b,
  CuePoint: 0xbb,
  CueTime: 0xb3,
  CueTrackPositions: 0xb7,
  CueClusterPosition: 0xf1,
} as const;

/** Times in a file are whole ticks of 0.1 ms. */
export const TICKS_PER_MS = 10;

/** Bytes that stand before a JPEG: id, size, track, offset in its cluster, flags. */
export const BLOCK_HEAD_BYTES = 9;
export const CLUSTER_HEAD_BYTES = 22;
/** Where a cluster's size stands in it. */
export const CLUSTER_SIZE_AT = 4;

/** The tag of a file whose first picture does not lie upright in its JPEG: EXIF's number for that. */
export const ORIENTATION = "ORIENTATION";

/** What a file says of itself. */
export interface FileInfo {
  /** Pixels of the first picture, as it is shown. */
  readonly width: number;
  /** Pixels of the first picture, as it is shown. */
  readonly height: number;
  /** Epoch ms of the file's time 0. */
  readonly timeZero: number;
  /** What wrote it, with its version. */
  readonly software: string;
  /** Frames a second, where the file is to say that from the beginning; what it says once it is closed was measured. */
  readonly rate?: number | undefined;
  /** Names in capitals, as Matroska has them: CAMERA, RUN, REASON. */
  readonly tags: Readonly<Record<string, string>>;
}

/** What each recording begins with. */
export const EBML_HEAD = element(
  ID.EBML,
  element(0x4286, Buffer.of(1)), // EBMLVersion
  element(0x42f7, Buffer.of(1)), // EBMLReadVersion
  element(0x42f2, Buffer.of(4)), // EBMLMaxIDLength
  element(0x42f3, Buffer.of(8)), // EBMLMaxSizeLength
  text(0x4282, "matroska"),
  element(0x4287, Buffer.of(4)), // DocTypeVersion
  element(0x4285, Buffer.of(2)), // DocTypeReadVersion: SimpleBlock
);

/** Where the segment's size stands, and where its content begins. Both are the same in every recording. */
export const SEGMENT_SIZE_AT = EBML_HEAD.length + 4;
export const SEGMENT_AT = SEGMENT_SIZE_AT + SIZE_BYTES;
const SEEK_HEAD_ROOM = 100;

/** Everything before the first cluster. Segment size, seek head and duration are left open until the file is closed. */
export function fileHead({ width, height, timeZero, software, rate, tags }: FileInfo): Buffer {
  const isTurned = Number(tags[ORIENTATION] ?? 1) >= 5;
  const info = element(
    ID.Info,
    room(float(ID.Duration, 0).length),
    number(0x2ad7b1, 1_000_000 / TICKS_PER_MS), // TimestampScale, ns
    date(ID.DateUTC, timeZero),
    text(0x4d80, software), // MuxingApp
    text(0x5741, software), // WritingApp
  );
  const track = element(
    ID.TrackEntry,
    element(0xd7, Buffer.of(1)), // TrackNumber
    element(0x73c5, Buffer.of(1)), // TrackUID
    element(0x83, Buffer.of(1)), // TrackType: video
    frameDuration(rate === undefined ? undefined : 1000 / rate),
    element(0x9c, Buffer.of(0)), // FlagLacing
    text(0x86, "V_MJPEG"), // CodecID
    // Of the JPEG as it is encoded: ffmpeg takes one that is lower than this for half of an interlaced picture.
    element(
      ID.Video,
      number(ID.PixelWidth, isTurned ? height : width),
      number(ID.PixelHeight, isTurned ? width : height),
    ),
  );
  const simpleTags = Object.entries(tags).map(([name, value]) =>
    element(ID.SimpleTag, text(ID.TagName, name), text(ID.TagString, value)),
  );
  return Buffer.concat([
    EBML_HEAD,
    idBytes(ID.Segment),
    UNKNOWN_SIZE,
    room(SEEK_HEAD_ROOM),
    info,
    element(ID.Tracks, track),
    element(ID.Tags, element(ID.Tag, element(0x63c0), ...simpleTags)), // Targets: the whole file
  ]);
}

/**
 * What players take for the rate of the frames, and count them by; or as much room for that.
 * @param ms - From a frame to the next, on the average.
 */
function frameDuration(ms: number | undefined): Buffer {
  const nanoseconds = Math.round((ms ?? 0) * 1e6);
  const isNone = !(nanoseconds > 0 && Number.isSafeInteger(nanoseconds));
  return isNone
    ? room(number(ID.DefaultDuration, 1).length)
    : number(ID.DefaultDuration, nanoseconds);
}

/** The head of a cluster whose first frame is at `tick`. Its size is unknown until the next one begins. */
export function clusterHead(tick: number): Buffer {
  return Buffer.concat([idBytes(ID.Cluster), UNKNOWN_SIZE, number(ID.Timestamp, tick)]);
}

/** What stands before a picture of `size` bytes, `offset` ticks after its cluster's beginning. */
export function blockHead(offset: number, size: number): Buffer {
  const head = Buffer.allocUnsafe(BLOCK_HEAD_BYTES);
  head[0] = ID.SimpleBlock;
  head.writeUInt32BE(0x10000000 | (size + 4), 1);
  head[5] = 0x81; // track 1
  head.writeInt16BE(offset, 6);
  head[8] = 0x80; // each picture stands for itself
  return head;
}

/** Where a cluster stands in the file, and when it begins. */
export interface ClusterPlace {
  readonly at: number;
  readonly tick: number;
}

/** Where the elements before the clusters stand in the file. */
export interface HeadPlaces {
  readonly info: number;
  /** Of the duration, or of the room that is left for it. */
  readonly duration: number;
  /** Of the frame's duration, or of the room for it; undefined in files of earlier versions, which have neither. */
  readonly frameDuration?: number | undefined;
  readonly tracks: number;
  readonly tags: number;
}

/** Bytes that replace others. */
export interface Patch {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** When the frames of a file are, that is to be closed. */
export interface Times {
  readonly frames: number;
  /** From the first frame to the last. */
  readonly spanTicks: number;
  /** From the last but one to the last. */
  readonly lastTicks: number;
}

/** The last frame is taken to last as long as the one before it, but no longer than this and than the mean. */
export const MAX_LAST_TICKS = 1000 * TICKS_PER_MS;

/** What makes an open file a closed one: `cues` go to its end, then the patches to their places. */
export function closingOf(
  places: HeadPlaces,
  clusters: readonly ClusterPlace[],
  end: number,
  { frames, spanTicks, lastTicks }: Times,
): { cues: Buffer; patches: Patch[] } {
  const meanTicks = frames > 1 ? spanTicks / (frames - 1) : 0;
  const durationTicks = spanTicks + Math.min(lastTicks, Math.max(meanTicks, MAX_LAST_TICKS));
  const cues = cuesOf(clusters);
  const last = clusters.at(-1);
  const patches: Patch[] = [
    { at: SEGMENT_AT, bytes: seekHead(places, end) },
    { at: places.duration, bytes: float(ID.Duration, durationTicks) },
    { at: SEGMENT_SIZE_AT, bytes: longSize(end + cues.length - SEGMENT_AT) },
  ];
  if (places.frameDuration !== undefined && meanTicks > 0) {
    patches.push({ at: places.frameDuration, bytes: frameDuration(meanTicks / TICKS_PER_MS) });
  }
  if (last) patches.unshift(clusterSize(last, end));
  return { cues, patches };
}

/** The size of a cluster that ends at `end`. */
export function clusterSize({ at }: ClusterPlace, end: number): Patch {
  const size = end - at - CLUSTER_SIZE_AT - SIZE_BYTES;
  return { at: at + CLUSTER_SIZE_AT, bytes: longSize(size) };
}

/** Where time and place of a cluster stand in its entry of an index, which is of one length for all. */
const [CUE_TIME_AT, CUE_PLACE_AT] = [4, 19];

/** The index of a file. That of a day has 86,400 entries, and is made within one turn of the event loop. */
function cuesOf(clusters: readonly ClusterPlace[]): Buffer {
  const track = element(0xf7, Buffer.of(1)); // CueTrack
  const positions = element(ID.CueTrackPositions, track, number(ID.CueClusterPosition, 0));
  const point = element(ID.CuePoint, number(ID.CueTime, 0), positions);
  const points = Buffer.alloc(point.length * clusters.length, point);
  for (const [n, { at, tick }] of clusters.entries()) {
    points.writeUIntBE(tick, n * point.length + CUE_TIME_AT + 2, 6);
    points.writeUIntBE(at - SEGMENT_AT, n * point.length + CUE_PLACE_AT + 2, 6);
  }
  return element(ID.Cues, points);
}

function seekHead({ info, tracks, tags }: HeadPlaces, cues: number): Buffer {
  const entries: [number, number][] = [
    [ID.Info, info],
    [ID.Tracks, tracks],
    [ID.Tags, tags],
    [ID.Cues, cues],
  ];
  const head = element(
    ID.SeekHead,
    ...entries.map(([id, at]) =>
      element(0x4dbb, element(0x53ab, idBytes(id)), number(0x53ac, at - SEGMENT_AT)),
    ),
  );
  return Buffer.concat([head, room(SEEK_HEAD_ROOM - head.length)]);
}
