import { open } from "node:fs/promises";
import { ThingError } from "../../base/errors.ts";
import { METADATA_END, readMetadata } from "./frame-metadata.ts";
import { packetsOf } from "./matroska-packets.ts";

/** A frame of a recording, in the words of pythorvision. */
export interface RecordedMetadata {
  /** When the file shows it: ticks of the file, ms as GStreamer writes it. */
  readonly framePts: number;
  /** ns on the server's video clock. */
  readonly gstreamerPts: bigint;
  /** The device's own clock; epoch ns where this package is the server. */
  readonly xdaqTimestamp: bigint;
  readonly sampleIndex: number;
  readonly ttlIn: number;
  readonly ttlOut: number;
}

/**
 * What each frame of an MKV file says of itself, in order. Frames without the segment are left out, where pythorvision
 * gives rows of whatever stands there.
 * @throws {ThingError} `BAD_RECORDING` when the file cannot be read or is no Matroska file.
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
