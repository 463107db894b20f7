import type { FileHandle } from "node:fs/promises";
import { delay } from "../../base/abort.ts";
import { commonJpeg } from "../../frames/codec/codec.ts";
import type { Orientation } from "../../frames/jpeg/exif-orientation.ts";
import { inspectJpeg } from "../../frames/jpeg/jpeg.ts";
import { encodes } from "../../streams/encode-queue.ts";
import type { FrameSum } from "../ledger/frame-sum.ts";
import { read } from "../matroska/file-bytes.ts";
import { blockHead, clusterHead } from "../matroska/matroska.ts";
import { scan } from "../matroska/scan.ts";

const LOOK_EVERY_MS = 100;

/** How a recording is given to ffmpeg. */
interface VideoOptions {
  readonly isOver: () => boolean;
  /** How frames are to lie in their JPEGs: as the first does. */
  readonly orientation: Orientation;
  /** To which each frame is added as it is in the file. */
  readonly given: FrameSum;
}

/**
 * A recording from its first cluster on, for ffmpeg, as far as it is written and until it is over. Its frames are those of the file;
 * the few that ffmpeg's decoder shows otherwise than browsers do, or that lie otherwise than most, are written anew.
 */
export async function* videoPieces(
  file: FileHandle,
  clustersAt: number,
  { isOver, orientation, given: sum }: VideoOptions,
): AsyncGenerator<Uint8Array, void> {
  let cluster = { at: clustersAt, tick: 0 };
  let given = clustersAt;
  for (;;) {
    const wasOver = isOver();
    const before = given;
    for await (const part of scan(file, cluster.at)) {
      if (part.kind === "cluster") {
        cluster = part;
        if (part.at < given) continue; // it has begun already
        given = part.at + 1;
        yield clusterHead(part.tick);
      } else if (part.offset >= given) {
        given = part.offset + part.size;
        const recorded = await read(file, part.offset, part.size);
        sum.add(part.offset, recorded);
        const jpeg = await forFfmpeg(recorded, orientation);
        yield blockHead(part.tick - cluster.tick, jpeg.length);
        yield jpeg;
      }
    }
    if (wasOver) return;
    if (given === before) await delay(LOOK_EVERY_MS);
  }
}

async function forFfmpeg(jpeg: Uint8Array, orientation: Orientation): Promise<Uint8Array> {
  try {
    const info = inspectJpeg(jpeg);
    if (info.isCommon && !info.hasRestarts && info.orientation === orientation) return jpeg;
    return await encodes.forViewer(() => commonJpeg(jpeg, { orientation }));
  } catch {
    return jpeg; // damaged on the disk, or no codec: ffmpeg shows what it can, and its result is checked
  }
}
