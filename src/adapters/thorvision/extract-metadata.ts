import { type FileHandle, open } from "node:fs/promises";
import { ThingError } from "../../base/errors.ts";
import { readHead, readNumber } from "../../recording/matroska/ebml-read.ts";
import { read } from "../../recording/matroska/file-bytes.ts";
import { ID } from "../../recording/matroska/matroska.ts";
import { METADATA_END, readMetadata } from "./frame-metadata.ts";

/** A recorded frame's metadata, named as in pythorvision. */
export interface RecordedMetadata {
  /** Presentation time in the file's ticks, which are ms as GStreamer writes them. */
  readonly framePts: number;
  /** ns on the server's video clock. */
  readonly gstreamerPts: bigint;
  /** The device's own clock; epoch ns if the server is a Thingscope. */
  readonly xdaqTimestamp: bigint;
  readonly sampleIndex: number;
  readonly ttlIn: number;
  readonly ttlOut: number;
}

/**
 * The metadata of each frame of an MKV file, in order. Frames without the metadata segment are skipped; pythorvision
 * returns rows of arbitrary bytes for them.
 * @throws {ThingError} `BAD_RECORDING` if the file cannot be read or is not a Matroska file.
 */
export async function extractMetadata(path: string): Promise<RecordedMetadata[]> {
  const file = await open(path).catch((cause) => {
    throw new ThingError("BAD_RECORDING", `'${path}' cannot be read: ${cause.message}.`, { cause });
  });
  try {
    const rows: RecordedMetadata[] = [];
    for await (const { pts, head } of packetsOf(file, METADATA_END)) {
      const found = readMetadata(head);
      if (!found) continue;
      const { videoTime, deviceTime, ...rest } = found;
      rows.push({ framePts: pts, gstreamerPts: videoTime, xdaqTimestamp: deviceTime, ...rest });
    }
    return rows;
  } finally {
    await file.close();
  }
}

/** A picture in a Matroska file. */
interface Packet {
  /** Ticks of the file. */
  readonly pts: number;
  /** The first bytes of the picture. */
  readonly head: Uint8Array;
}

const BLOCK_GROUP = 0xa0;
const BLOCK = 0xa1;
const CONTAINERS: ReadonlySet<number> = new Set([ID.Segment, ID.Cluster, BLOCK_GROUP]);
const HEAD_BYTES = 12; // of the largest id and size
const TRACK_TIME_FLAGS = 4; // of a track below 128

/**
 * The pictures of any Matroska file with one track, such as GStreamer's, even a truncated one.
 * @param headBytes - How many bytes of each picture are read.
 * @throws {ThingError} `BAD_RECORDING` if it is not a Matroska file.
 */
async function* packetsOf(file: FileHandle, headBytes: number): AsyncGenerator<Packet> {
  const { size } = await file.stat();
  let clusterPts = 0;
  for (let at = 0; at < size; ) {
    const peek = await read(file, at, HEAD_BYTES + TRACK_TIME_FLAGS + headBytes);
    const element = readHead(peek);
    if (at === 0 && element?.id !== ID.EBML) {
      throw new ThingError("BAD_RECORDING", "This is not a Matroska file.");
    }
    if (!element) return;
    const content = peek.subarray(element.headBytes, element.headBytes + element.size);
    at += element.headBytes;
    if (CONTAINERS.has(element.id)) continue;
    at += element.size;
    if (at > size) return;
    if (element.id === ID.Timestamp) clusterPts = readNumber(content);
    if (element.id !== ID.SimpleBlock && element.id !== BLOCK) continue;
    yield { pts: clusterPts + content.readInt16BE(1), head: content.subarray(TRACK_TIME_FLAGS) };
  }
}
