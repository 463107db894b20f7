import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { laneOf } from "../base/disk-lane.ts";
import { openRegular } from "../base/regular-file.ts";
import { syncFile } from "../base/sync-folder.ts";
import { read } from "./file-bytes.ts";
import { type LedgerNote, ledgerPathOf, noteLine } from "./ledger.ts";

/** No note is longer. */
const TAIL_BYTES = 64 * 1024;

/**
 * Adds a line to the ledger of a recording that is closed. When it resolves, the line is on the disk.
 * @param path - Of any of the recording's files.
 * @returns false when the recording has no ledger.
 */
export async function noteInLedger(path: string, note: LedgerNote): Promise<boolean> {
  const lane = await laneOf(dirname(path));
  return lane.run(async () => {
    const ledger = await openRegular(ledgerPathOf(path), { write: true, follow: true }).catch(
      (error) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      },
    );
    if (!ledger) return false;
    try {
      const end = await wholeEnd(ledger);
      await ledger.truncate(end);
      await ledger.write(noteLine(note), end);
      await syncFile(ledger);
      return true;
    } finally {
      await ledger.close();
    }
  });
}

/** Where the last whole line ends: a power cut may have torn the one behind it. */
async function wholeEnd(ledger: FileHandle): Promise<number> {
  const { size } = await ledger.stat();
  const from = Math.max(0, size - TAIL_BYTES);
  const tail = await read(ledger, from, size - from);
  return from + tail.lastIndexOf("\n") + 1;
}
