import type { LedgerFrame, LedgerHead, LedgerNote, RecordingSummary } from "./ledger.ts";

/** A line of a ledger. */
export type LedgerLine =
  | { readonly kind: "frame"; readonly frame: LedgerFrame }
  | { readonly kind: "head"; readonly head: LedgerHead }
  | { readonly kind: "summary"; readonly summary: RecordingSummary }
  | { readonly kind: "note"; readonly note: LedgerNote }
  /** Bytes that are no line; `torn` at the end of a ledger. */
  | { readonly kind: "damaged" | "torn"; readonly text: string; readonly bytes: number };

/** What a line says; undefined when it is none, or not whole. */
export function parseLine(text: string): LedgerLine | undefined {
  try {
    const value = JSON.parse(text);
    if (Array.isArray(value)) return frameIn(value);
    if ("ledger" in value) return { kind: "head", head: value };
    if ("summary" in value)
      return isObject(value.summary) ? { kind: "summary", summary: value.summary } : undefined;
    return isWholeNote(value) ? { kind: "note", note: value } : undefined;
  } catch {
    return undefined;
  }
}

function frameIn(values: unknown[]): LedgerLine | undefined {
  const [run, index, capturedAt, offset, size, crc, originIndex] = values;
  const isWhole =
    typeof run === "string" &&
    isCount(index) &&
    isTime(capturedAt) &&
    isCount(offset) &&
    isCount(size) &&
    isCount(crc) &&
    size <= MOST_32 &&
    crc <= MOST_32;
  if (!isWhole) return undefined;
  const frame = { run, index, capturedAt, offset, size, crc };
  return { kind: "frame", frame: isCount(originIndex) ? { ...frame, originIndex } : frame };
}

const MOST_32 = 2 ** 32 - 1;

/** Lines of kinds that a later version adds are taken as they are. */
function isWholeNote(value: Record<string, unknown>): boolean {
  const { dropped } = value;
  if (dropped === undefined) return Object.values(value).every(isObject);
  if (!isObject(dropped)) return false;
  const { run, from, to } = dropped;
  return typeof run === "string" && isCount(from) && isCount(to) && from <= to;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** One that a Date can hold. */
function isTime(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= 8.64e15;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
