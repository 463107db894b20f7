import { dirname } from "node:path";
import { laneOf } from "../../base/disk-lane.ts";
import { openRegular } from "../../base/regular-file.ts";
import { syncFile } from "../../base/sync-folder.ts";
import { type LedgerNote, noteLine } from "./ledger.ts";
import { nextLineIn } from "./ledger-end.ts";
import { findLedger } from "./video-names.ts";

/**
 * Adds a line to the ledger of a recording that is closed. When it resolves, the line is on the disk.
 * @param path - Of any of the recording's files.
 * @returns false when the recording has no ledger.
 */
export async function noteInLedger(path: string, note: LedgerNote): Promise<boolean> {
  const lane = await laneOf(dirname(path));
  return lane.run(async () => {
    const ledger = await openRegular(await findLedger(path), { write: true, follow: true }).catch(
      (error) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      },
    );
    if (!ledger) return false;
    try {
      const { at, before } = await nextLineIn(ledger);
      await ledger.truncate(at);
      await ledger.write(before + noteLine(note), at);
      await syncFile(ledger);
      return true;
    } finally {
      await ledger.close();
    }
  });
}
