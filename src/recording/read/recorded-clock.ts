import { realpath } from "node:fs/promises";
import type { ClockOffset } from "../../base/fleet-clock.ts";
import { ledgerLines } from "../ledger/read-ledger.ts";
import { findLedger } from "../ledger/video-names.ts";

/** When frames of a recording were captured. */
export interface CaptureTimes {
  /** How the clock of the times stood to that of the fleet when the file was begun; undefined outside a fleet. */
  readonly clock: ClockOffset | undefined;
  /** Epoch ms, in order. */
  readonly times: readonly number[];
  /** Whether there are more behind them. */
  readonly hasMore: boolean;
}

/**
 * Capture times of a recording's frames, by its ledger, also while it is written; none where it has no ledger.
 * @param options.skip - Frames before the first that is wanted.
 * @param options.most - How many at most.
 * @throws {ThingError} `BAD_RECORDING` when a later version has written the ledger.
 */
export async function captureTimes(
  path: string,
  { skip = 0, most }: { skip?: number; most: number },
): Promise<CaptureTimes> {
  const times: number[] = [];
  let [clock, count]: [ClockOffset | undefined, number] = [undefined, 0];
  for await (const lines of ledgerLines(await findLedger(await realpath(path)))) {
    for (const line of lines) {
      if (line.kind === "head") clock = line.head.clock;
      if (line.kind !== "frame") continue;
      count += 1;
      if (count > skip + most) return { clock, times, hasMore: true };
      if (count > skip) times.push(line.frame.capturedAt);
    }
  }
  return { clock, times, hasMore: false };
}
