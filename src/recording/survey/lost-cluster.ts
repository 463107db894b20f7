import type { LedgerFrame } from "../ledger/ledger.ts";
import type { ByteWindow } from "../matroska/byte-window.ts";
import type { BlockElement } from "../matroska/elements.ts";
import { BLOCK_HEAD_BYTES } from "../matroska/matroska.ts";
import { tickOf } from "../matroska/matroska-mjpeg.ts";
import { elementAt, isThere } from "./file-look.ts";

/** What tells when a block was captured that no line lists, behind damage in which its cluster may have begun. */
interface Clues {
  readonly block: BlockElement;
  /** The tick of the newest frame before it, of the cluster of that, and how far it is from the one before. */
  readonly before: { readonly tick: number; readonly cluster: number; readonly period: number };
  /** How many blocks like it would have had room in the damage. */
  readonly lost: number;
  /** What the ledger lists behind it. */
  readonly listed: Iterable<LedgerFrame>;
  readonly timeZero: number;
}

/**
 * When such a block was captured, in ticks: it says how much later than its cluster it is, which is that of the frame before it or that
 * of the next one that is listed. Where both have no room for it, as many periods later as blocks are lost, but before the next.
 */
export async function recoveredTick(window: ByteWindow, clues: Clues): Promise<number> {
  const { block, before, lost, listed, timeZero } = clues;
  const next = await nextWhole(window, listed, timeZero);
  const latest = next ? next.tick - 1 : Number.POSITIVE_INFINITY;
  for (const cluster of [before.cluster, next?.cluster ?? Number.NaN]) {
    const tick = cluster + block.after;
    if (tick > before.tick && tick <= latest) return tick;
  }
  return Math.max(before.tick + 1, Math.min(latest, before.tick + before.period * (1 + lost)));
}

/** The ticks of the next listed frame that is whole, and of its cluster as far as its head tells. */
async function nextWhole(window: ByteWindow, listed: Iterable<LedgerFrame>, timeZero: number) {
  for (const frame of listed) {
    if (!(await isThere(window, frame))) continue;
    const tick = tickOf(frame.capturedAt, timeZero);
    const block = await elementAt(window, frame.offset - BLOCK_HEAD_BYTES);
    const isWhole = block?.kind === "block" && block.size === frame.size;
    return { tick, cluster: isWhole ? tick - block.after : undefined };
  }
  return undefined;
}
