import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { laneOf } from "../../base/disk-lane.ts";
import { reasonOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { ledgerPathOf } from "../ledger/film-names.ts";
import { type LostFrames, noteLine, type RecordingSummary } from "../ledger/ledger.ts";
import { loseInUnclosed } from "./closing.ts";

/**
 * Lists frames that belong to a recording and came when it had failed already: in its ledger, which gets a new summary behind
 * the one that it has. @returns that summary, also when the disk does not take it, which is logged.
 */
export async function noteLateLosses(
  path: string,
  lost: readonly LostFrames[],
  summary: RecordingSummary,
  log: Log,
): Promise<RecordingSummary> {
  if (lost.length === 0) return summary;
  const unclosed = await loseInUnclosed(path, lost);
  if (unclosed) return unclosed;
  const amended = withLosses(summary, lost);
  if (summary.written === 0) return amended; // there is no file
  try {
    await append(path, [...lost.map((dropped) => ({ dropped })), { summary: amended }]);
  } catch (error) {
    const count = lost.reduce((sum, { from, to }) => sum + to - from + 1, 0);
    log.error(
      `${count} frames that came after ${path} had failed could not be listed in its ledger: ${reasonOf(error)}.`,
    );
  }
  return amended;
}

async function append(path: string, notes: readonly Parameters<typeof noteLine>[0][]) {
  const lane = await laneOf(dirname(path));
  await lane.run(async () => {
    const ledger = await open(ledgerPathOf(path), "r+");
    try {
      const { size } = await ledger.stat();
      await ledger.write(notes.map(noteLine).join(""), size);
      await ledger.datasync();
    } finally {
      await ledger.close();
    }
  });
}

function withLosses(summary: RecordingSummary, lost: readonly LostFrames[]): RecordingSummary {
  const dropped: Record<string, number> = { ...summary.dropped };
  let captured = summary.captured;
  for (const { from, to, why } of lost) {
    const count = to - from + 1;
    captured += count;
    dropped[why] = (dropped[why] ?? 0) + count;
  }
  return { ...summary, captured, dropped };
}
