import type { LedgerFrame } from "../ledger/ledger.ts";
import type { LedgerFrames } from "../ledger/ledger-frames.ts";
import type { Structure } from "../matroska/structure.ts";

/** Bytes of a file that are no frame any more, or none that can be trusted. */
interface Damage {
  readonly at: number;
  readonly end: number;
  readonly why: string;
  /** The frames that the ledger lists there. */
  readonly frames: readonly LedgerFrame[];
}

/** What is found in a file, beside what its ledger lists. */
export interface Survey {
  /** Frames that are whole, in order. */
  readonly kept: LedgerFrames;
  /** Which of them the ledger does not list, from 0. */
  readonly unlisted: readonly number[];
  readonly structure: Structure;
  readonly damage: readonly Damage[];
  /** Listed frames that are nowhere. */
  readonly missing: readonly LedgerFrame[];
  /** Lines of the ledger that were wrong, and that what is found has put right. */
  readonly corrected: number;
  /** Where the cues stand, if the elements lead to them. */
  readonly cuesAt: number | undefined;
}
