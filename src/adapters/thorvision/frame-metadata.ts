import { concatBytes } from "../../base/bytes.ts";

/** A ThorVision frame's metadata: 40 bytes in a segment right after the start of image. */
export interface FrameMetadata {
  /** Nanoseconds on the video's clock. This server counts from the first frame of the run. */
  readonly videoTime: bigint;
  /** The device's own clock. This server writes the capture time, nanoseconds since 1970. */
  readonly deviceTime: bigint;
  /** Increases with each frame: this server writes the frame's index in its run, modulo 2^32. */
  readonly sampleIndex: number;
  /** Levels of the digital inputs, one bit each. */
  readonly ttlIn: number;
  /** Levels of the digital outputs, one bit each. */
  readonly ttlOut: number;
}

const METADATA_BYTES = 40;
/** The start of image, a comment marker, and a length that includes its own two bytes. */
const HEAD = Uint8Array.of(0xff, 0xd8, 0xff, 0xfe, 0, METADATA_BYTES + 2);
/** Where the segment ends in a JPEG. */
export const METADATA_END = HEAD.length + METADATA_BYTES;
/** Bytes of a JPEG that `metadataHead` replaces: its start of image. */
export const REPLACED_BYTES = 2;

/**
 * The start of image and the metadata segment, which precede the rest of a JPEG. The marker is COM: jpegparse and matroskamux
 * pass it untouched and every decoder skips it. Clients read bytes 6 to 46 unchecked, so it must be present.
 * @see pythorvision 0.3.0, video.py: the order, widths and byte order of the fields.
 */
export function metadataHead(metadata: FrameMetadata): Buffer {
  const head = Buffer.alloc(METADATA_END);
  head.set(HEAD);
  head.writeBigUInt64LE(metadata.videoTime, 6);
  head.writeBigUInt64LE(metadata.deviceTime, 14);
  head.writeUInt32LE(metadata.sampleIndex >>> 0, 22);
  head.writeUInt32LE(metadata.ttlIn >>> 0, 26);
  head.writeUInt32LE(metadata.ttlOut >>> 0, 30);
  return head; // the device's bus counter (4 bytes) and 8 reserved bytes stay 0
}

/** A copy of the JPEG with the metadata segment. */
export function withMetadata(jpeg: Uint8Array, metadata: FrameMetadata): Uint8Array {
  return concatBytes([metadataHead(metadata), jpeg.subarray(REPLACED_BYTES)]);
}

/** Reads the metadata segment; undefined if the JPEG's first segment does not have its length. */
export function readMetadata(jpeg: Uint8Array): FrameMetadata | undefined {
  const isLongEnough = jpeg.length >= METADATA_END;
  const isSegment = jpeg[2] === 0xff && jpeg[4] === HEAD[4] && jpeg[5] === HEAD[5];
  if (!isLongEnough || !isSegment) return undefined;
  const bytes = Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength);
  return {
    videoTime: bytes.readBigUInt64LE(6),
    deviceTime: bytes.readBigUInt64LE(14),
    sampleIndex: bytes.readUInt32LE(22),
    ttlIn: bytes.readUInt32LE(26),
    ttlOut: bytes.readUInt32LE(30),
  };
}
