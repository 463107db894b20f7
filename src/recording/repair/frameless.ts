import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "../../base/sync-folder.ts";
import { claimRecording } from "../files/recording-claims.ts";
import { LedgerFrames } from "../ledger/ledger-frames.ts";
import { type Ledger, readLedger } from "../ledger/read-ledger.ts";
import { findLedger } from "../ledger/video-names.ts";
import { ByteWindow } from "../matroska/byte-window.ts";
import { read } from "../matroska/file-bytes.ts";
import { EBML_HEAD } from "../matroska/matroska.ts";
import type { FileHead } from "../matroska/matroska-head.ts";
import { nextElement } from "../matroska/resync.ts";
import { headOf } from "../matroska/scan.ts";
import { Structure } from "../matroska/structure.ts";
import { repairedLedger } from "./repaired-ledger.ts";
import { writeLedger } from "./write-ledger.ts";

/** What a video is called that has no whole frame: it is no recording any more, and nothing of it is lost. */
const SET_ASIDE = ".no-frame";
const PIECE_BYTES = 1 << 20;

/**
 * Settles once and for all what a recording has left behind that was killed before its first frame was whole. Where there is nothing
 * in its files they are removed; else the video is set aside, and its ledger lists what is lost.
 * @returns what was done, as a sentence; undefined for a file that is no such recording.
 */
export async function settleFrameless(path: string): Promise<string | undefined> {
  const release = claimRecording(path, "repairing");
  try {
    const ledgerPath = await findLedger(path);
    const ledger = await readLedger(ledgerPath);
    const video = ledger && (await beginningOf(path));
    if (!ledger || !video) return undefined;
    if (video.isEmpty && ledger.frames.length === 0) {
      await unlink(path);
      await unlink(ledgerPath);
      await syncFolder(dirname(path));
      return `${path} ended before its first frame. Its files were empty and were removed.`;
    }
    const lost = await closeLedger(path, ledger, video.head);
    await rename(path, path + SET_ASIDE);
    await syncFolder(dirname(path));
    return `${path} ended before its first frame was whole. It was renamed to ${path}${SET_ASIDE}; its ledger lists ${lost} ${lost === 1 ? "frame" : "frames"} as lost.`;
  } finally {
    release();
  }
}

/** How a file begins that this package has made, and that has no picture; undefined for any other. */
async function beginningOf(path: string) {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const bytes = await read(file, 0, Math.min(size, EBML_HEAD.length));
    if (!bytes.equals(EBML_HEAD.subarray(0, bytes.length))) return undefined;
    const head = await headOf(file).catch(() => undefined);
    if (await hasPicture(file, size, head)) return undefined;
    return { isEmpty: size <= (head?.clustersAt ?? 0) || size <= EBML_HEAD.length, head };
  } finally {
    await file.close();
  }
}

async function hasPicture(file: FileHandle, size: number, head: FileHead | undefined) {
  const window = new ByteWindow(file, size, PIECE_BYTES);
  for (let at = head?.clustersAt ?? 0; at < size; ) {
    const found = await nextElement(window, at, size);
    if (found?.kind !== "cluster") return found !== undefined;
    at = found.end;
  }
  return false;
}

async function closeLedger(
  path: string,
  ledger: Ledger,
  head: FileHead | undefined,
): Promise<number> {
  if (ledger.summary || (!ledger.head && !head)) return 0;
  const missing = [...ledger.frames];
  const survey = {
    kept: new LedgerFrames(),
    unlisted: [],
    structure: new Structure(),
    damage: [],
    missing,
    corrected: 0,
    cuesAt: undefined,
  };
  const about = { path, head, ledger, survey, wasClosed: false, end: 0, bytes: 0 };
  const ledgerPath = await findLedger(path);
  const draft = `${ledgerPath}.new`;
  await writeLedger(draft, (await repairedLedger(about)).closed);
  await rename(draft, ledgerPath);
  return missing.length;
}
