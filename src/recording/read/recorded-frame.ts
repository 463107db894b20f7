import { stat } from "node:fs/promises";
import { crc32 } from "../../base/crc32.ts";
import { openRegular } from "../../base/regular-file.ts";
import type { LedgerFrame } from "../ledger/ledger.ts";
import { LedgerFrames } from "../ledger/ledger-frames.ts";
import { readLedger } from "../ledger/read-ledger.ts";
import { findLedger } from "../ledger/video-names.ts";
import { read } from "../matroska/file-bytes.ts";

/** Finds frames by their identity in recordings, also in those that are being written. The ledger that was read last is kept. */
export class RecordedFrames {
  #kept = { ledger: "", bytes: 0, frames: new LedgerFrames() };

  /** The JPEG of a frame; undefined when the recording does not have it, or not yet. */
  async find(
    path: string,
    { run, index }: Pick<LedgerFrame, "run" | "index">,
  ): Promise<Uint8Array | undefined> {
    for (const frame of await this.#framesOf(path)) {
      if (frame.index === index && frame.run === run) return jpegOf(path, frame);
    }
    return undefined;
  }

  async #framesOf(path: string): Promise<LedgerFrames> {
    const ledger = await findLedger(path);
    const { size: bytes } = await stat(ledger);
    if (this.#kept.ledger === ledger && this.#kept.bytes === bytes) return this.#kept.frames;
    const { frames = new LedgerFrames() } = (await readLedger(ledger)) ?? {};
    this.#kept = { ledger, bytes, frames };
    return frames;
  }
}

async function jpegOf(path: string, { offset, size, crc }: LedgerFrame) {
  const file = await openRegular(path);
  try {
    const jpeg = await read(file, offset, size);
    return jpeg.length === size && crc32(jpeg) === crc ? jpeg : undefined; // its line is written before it
  } finally {
    await file.close();
  }
}
