import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ignoreMissing } from "../../base/errors.ts";
import { openRegular } from "../../base/regular-file.ts";
import { type ExportNote, type ExportState, exportStates } from "../ledger/export-wish.ts";
import type { LedgerHead, RecordingSummary } from "../ledger/ledger.ts";
import { lastLines, TAIL_BYTES } from "../ledger/ledger-end.ts";
import { findLedger } from "../ledger/video-names.ts";
import { read } from "../matroska/file-bytes.ts";
import { headOf, scan } from "../matroska/scan.ts";

/** What a ledger's first and last line say of a recording, without reading what is between. */
export interface RecordingDescription {
  readonly head: LedgerHead | undefined;
  /** Undefined while it is recorded, and after a crash. */
  readonly summary: RecordingSummary | undefined;
  /** What was, is, or could not be made of it. */
  readonly exports: readonly ExportState[];
}

const EXPORT_NOTES = ["exporting", "exported", "notExported"] as const;

/** What is to be said of a recording. Nothing is known where there is no ledger. */
export async function describeRecording(path: string): Promise<RecordingDescription> {
  const ledger = await openRegular(await findLedger(path)).catch(ignoreMissing);
  if (!ledger) return { head: undefined, summary: undefined, exports: [] };
  try {
    const { size } = await ledger.stat();
    const first = await textAt(ledger, 0, Math.min(size, TAIL_BYTES));
    const head = memberOf(first.split("\n", 1)[0]!, "ledger") as LedgerHead | undefined;
    const lines = await lastLines(ledger);
    const summary = lines.map((line) => memberOf(line, "summary")).findLast(Boolean);
    const notes = lines.flatMap((line) => EXPORT_NOTES.flatMap((one) => memberOf(line, one) ?? []));
    return {
      head,
      summary: summary?.summary as RecordingSummary | undefined,
      exports: exportStates(head?.exporting, notes as readonly unknown[] as readonly ExportNote[]),
    };
  } finally {
    await ledger.close();
  }
}

/** Paths of what was made of a recording, as the end of its ledger tells: an export may have had to take another name. */
export async function exportsOf(path: string): Promise<string[]> {
  const ledger = await openRegular(await findLedger(path)).catch(() => undefined);
  if (!ledger) return [];
  try {
    return (await lastLines(ledger)).flatMap((line) => {
      const { file } = (memberOf(line, "exported")?.exported ?? {}) as { file?: unknown };
      const isName = typeof file === "string" && /^[^/\\]+\.(mp4|webm)$/.test(file);
      return isName ? [join(dirname(path), file)] : [];
    });
  } finally {
    await ledger.close();
  }
}

/** Whether a recording needs no repair: file and ledger, if it has one, say how it ended. */
export async function isClosed(path: string): Promise<boolean> {
  const { head, summary } = await describeRecording(path);
  if (head && !summary) return false;
  const file = await openRegular(path);
  try {
    return (await headOf(file)).cuesAt !== undefined;
  } finally {
    await file.close();
  }
}

/** The first frame of a recording, as a JPEG; undefined when it has none. @throws {ThingError} `BAD_RECORDING`. */
export async function firstFrameOf(path: string): Promise<Uint8Array | undefined> {
  const file = await openRegular(path);
  try {
    const { clustersAt } = await headOf(file);
    for await (const part of scan(file, clustersAt)) {
      if (part.kind === "block") return await read(file, part.offset, part.size);
    }
    return undefined;
  } finally {
    await file.close();
  }
}

async function textAt(file: FileHandle, at: number, length: number): Promise<string> {
  return (await read(file, at, length)).toString("utf8");
}

/** The value of a line that is an object with this member. */
function memberOf(line: string, member: string): Record<string, unknown> | undefined {
  if (!line.startsWith(`{"${member}"`)) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // torn
  }
}
