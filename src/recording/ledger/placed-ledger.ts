import { BLOCK_HEAD_BYTES } from "../matroska/matroska.ts";
import type { LedgerFrame } from "./ledger.ts";
import { LedgerFrames } from "./ledger-frames.ts";
import { inTurns } from "./turns.ts";

/** The frames of a ledger whose places can all be right, and those whose cannot: their lines are damaged. */
export interface PlacedLedger {
  /** In the order of their places, none within another. */
  readonly frames: LedgerFrames;
  readonly astray: readonly LedgerFrame[];
  /** How many lines said of their frames that they are others. */
  readonly corrected: number;
}

/** Sorts out lines that contradict those before and behind them. */
export async function placedLedger(frames: LedgerFrames): Promise<PlacedLedger> {
  const astray: LedgerFrame[] = [];
  let placed: LedgerFrames | undefined; // made when the first is found: as a rule there is none
  let corrected = 0;
  let before: LedgerFrame | undefined;
  await inTurns(frames.length, (n) => {
    const told = frames.at(n)!;
    const next = frames.at(n + 1);
    const isAstray = isMisplaced(told, before, next);
    const frame = isAstray ? told : identified(told, before, next);
    if (isAstray || frame !== told) placed ??= LedgerFrames.of(firstOf(frames, n));
    if (isAstray) {
      astray.push(told);
      return;
    }
    if (frame !== told) corrected += 1;
    placed?.push(frame);
    before = frame;
  });
  return { frames: placed ?? frames, astray, corrected };
}

/** Frames that are nowhere, of those that are not where their lines say: a frame that was found by another line is not missing. */
export function withoutDoubles(
  astray: readonly LedgerFrame[],
  kept: Iterable<LedgerFrame>,
): readonly LedgerFrame[] {
  if (astray.length === 0) return astray;
  const name = ({ run, index }: LedgerFrame) => `${index} ${run}`;
  const wanted = new Set(astray.filter(({ run }) => run !== "").map(name));
  const found = new Set<string>();
  for (const frame of kept) if (wanted.has(name(frame))) found.add(name(frame));
  return astray.filter((frame) => !found.has(name(frame)));
}

/** Whether a frame cannot be where its line says. */
function isMisplaced(
  { offset, size }: LedgerFrame,
  before: LedgerFrame | undefined,
  next: LedgerFrame | undefined,
): boolean {
  const first = (before ? before.offset + before.size : 0) + BLOCK_HEAD_BYTES;
  if (offset < first || size === 0) return true;
  const hidesNext = next !== undefined && next.offset < offset + size + BLOCK_HEAD_BYTES;
  return hidesNext && next.offset >= first;
}

/** A frame between two of one run is of that run, and has an index between theirs; which one is only certain where that is one. */
function identified(
  frame: LedgerFrame,
  before: LedgerFrame | undefined,
  next: LedgerFrame | undefined,
): LedgerFrame {
  if (!before || !next || before.run === "" || before.run !== next.run) return frame;
  const isBetween = before.index < frame.index && frame.index < next.index;
  const isRight = frame.run === before.run && isBetween;
  if (isRight || frame.run === "" || next.index <= before.index) return frame;
  const isCertain = next.index - before.index === 2;
  return { ...frame, run: isCertain ? before.run : "", index: before.index + 1 };
}

function* firstOf(frames: LedgerFrames, count: number): Generator<LedgerFrame> {
  for (let n = 0; n < count; n++) yield frames.at(n)!;
}
