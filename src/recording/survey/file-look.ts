import { crc32 } from "../../base/crc32.ts";
import { DAMAGE, type LedgerFrame } from "../ledger/ledger.ts";
import type { ByteWindow } from "../matroska/byte-window.ts";
import {
  type BlockElement,
  type ClusterElement,
  type Element,
  elementIn,
  PEEK_BYTES,
} from "../matroska/elements.ts";
import { CLUSTER_HEAD_BYTES } from "../matroska/matroska.ts";
import { nextElement } from "../matroska/resync.ts";
import { hasHole } from "../matroska/whole-picture.ts";

const MOST_LOOKED_AT = 1 << 20;

/** The whole element at a place of a file; undefined when none is there. */
export async function elementAt(window: ByteWindow, at: number): Promise<Element | undefined> {
  const bytes = await window.at(at, PEEK_BYTES);
  const element = bytes && elementIn(bytes, at);
  const isWhole = element && (element.kind === "cues" || element.end <= window.size);
  return isWhole ? element : undefined;
}

/** Whether a frame is where its line says, with the bytes that were recorded. */
export async function isThere(
  window: ByteWindow,
  { offset, size, crc }: LedgerFrame,
): Promise<boolean> {
  if (offset + size > window.size) return false;
  const bytes = await window.at(offset, size);
  return bytes !== undefined && crc32(bytes) === crc;
}

export async function canRead(window: ByteWindow, from: number, to: number): Promise<boolean> {
  return (await window.at(from, to - from)) !== undefined;
}

/** What follows damage, where the disk can read enough before it to have a cluster begin there. */
export async function elementAfter(
  window: ByteWindow,
  from: number,
  limit: number,
): Promise<ClusterElement | BlockElement | undefined> {
  for (let at = from; ; ) {
    const found = await nextElement(window, at, limit);
    if (found?.kind !== "block") return found;
    const head = Math.max(from, found.at - CLUSTER_HEAD_BYTES);
    if (await canRead(window, head, found.at)) return found;
    at = found.at + 1;
  }
}

/** What is wrong with bytes of a file, in words for its ledger. */
export async function whyDamaged(window: ByteWindow, at: number, length: number): Promise<string> {
  const bytes = await window.at(at, Math.min(length, MOST_LOOKED_AT));
  if (!bytes) return DAMAGE.unreadable;
  return hasHole(bytes, at) ? DAMAGE.empty : DAMAGE.changed;
}
