import { readFile } from "node:fs/promises";
import { ThingError } from "../base/errors.ts";
import type { SourceLoss } from "../frames/frame.ts";

/** What this version writes and reads. */
const LEDGER_FORMAT = 1;

/** A frame as the ledger has it. */
export interface LedgerFrame {
  /** Empty when a file was recovered without its ledger. */
  readonly run: string;
  readonly index: number;
  /** Epoch ms. */
  readonly capturedAt: number;
  /** Where the JPEG stands in the file. */
  readonly offset: number;
  /** Bytes of the JPEG. */
  readonly size: number;
  /** CRC-32 of the JPEG. */
  readonly crc: number;
}

/** Frames that were captured and are not in the file. */
export interface LostFrames {
  readonly run: string;
  /** First index that is missing. */
  readonly from: number;
  /** Last index that is missing. */
  readonly to: number;
  readonly why: string;
}

/** From this frame on, pictures have another size; the first frame's is that of the file. */
export interface FrameSize {
  readonly run: string;
  readonly index: number;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
}

/** What a camera's source could not deliver: it never was a frame of the stream. */
export interface SourceNote extends SourceLoss {
  /** The frame before which it is missing: the first that came afterwards, if one did. */
  readonly run: string;
  readonly before: number;
  /** From the frame before to the one that came next, or to the end; ms. */
  readonly ms: number;
}

/** All that a source lost in one way, for one reason. */
export interface SourceSum extends SourceLoss {
  readonly times: number;
  readonly ms: number;
}

/** Why a frame is not in a timelapse: no loss, but left out on purpose. */
export const LEFT_OUT = "it is between the pictures of a timelapse";

/** The first line of a ledger: what it belongs to. */
export interface LedgerHead {
  /** The format of the ledger. */
  readonly ledger: typeof LEDGER_FORMAT;
  readonly file: string;
  readonly camera: string;
  readonly reason: string;
  /** Epoch ms of the file's time 0. */
  readonly timeZero: number;
  readonly software: string;
  /** Who writes it, as long as that process has the file open. */
  readonly process?: string;
  readonly settings?: unknown;
}

/** The last line of a ledger: how it all went. */
export interface RecordingSummary {
  /** Why it ended: "stopped", "ended by crash", "the disk is full (ENOSPC)". */
  readonly ended: string;
  /** Frames of the camera from the first to the last: `written`, all that `dropped` counts, and `leftOut`. */
  readonly captured: number;
  readonly written: number;
  /** Frames that were lost, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Frames between the pictures of a timelapse: not in the file on purpose. Versions before counted them as dropped. */
  readonly leftOut?: number | undefined;
  /** What the camera's source says it lost before it was a frame of the stream, by kind and reason. */
  readonly source: readonly SourceSum[];
  /** Pictures that the stream refused meanwhile: they were no whole JPEG and never frames. */
  readonly refused: number;
  /** Steps of the wall clock meanwhile, ms each. Frames' times do not step. */
  readonly clockSteps: readonly number[];
  /** How often a new run began after the first. */
  readonly newRuns: number;
  /** Capture time of the first and of the last frame in the file, epoch ms. */
  readonly first?: number | undefined;
  readonly last?: number | undefined;
  /** Bytes of the file. */
  readonly bytes: number;
}

/** A line of the ledger that is no frame. */
export type LedgerNote =
  | { readonly dropped: LostFrames }
  | { readonly run: { readonly run: string; readonly previousRun: string } }
  | { readonly size: FrameSize }
  | { readonly source: SourceNote }
  | { readonly clockStep: { readonly at: number; readonly byMs: number } }
  | { readonly exported: { readonly file: string; readonly frames: number } };

/** What a recording may have become: its name differs by the end alone, so all have one ledger. */
export const FORMATS = ["mkv", "mp4", "webm"] as const;

/** Where the ledger of a recording is. */
export function ledgerPathOf(path: string): string {
  return `${path.replace(/\.(mkv|mp4|webm)$/, "")}.ledger.jsonl`;
}

/** The line of a frame: `["k3x9q2",17,1770000000123.457,5321,100321,2586563104]`. */
export function frameLine({ run, index, capturedAt, offset, size, crc }: LedgerFrame): string {
  return `[${JSON.stringify(run)},${index},${capturedAt},${offset},${size},${crc}]\n`;
}

/** Any other line. */
export function noteLine(note: LedgerHead | LedgerNote | { summary: RecordingSummary }): string {
  return `${JSON.stringify(note)}\n`;
}

/** A ledger that was read. */
export interface Ledger {
  readonly head: LedgerHead | undefined;
  readonly frames: readonly LedgerFrame[];
  readonly notes: readonly { readonly note: LedgerNote; readonly end: number }[];
  readonly summary: RecordingSummary | undefined;
  /** Where each frame's line ends in the file, bytes. */
  readonly lineEnds: readonly number[];
  /** Where the first line ends. */
  readonly headEnd: number;
}

/**
 * Reads a ledger as far as its lines are whole; undefined when there is none.
 * @throws {ThingError} `BAD_RECORDING` when a later version has written it, in a format that this one does not know.
 */
export async function readLedger(path: string): Promise<Ledger | undefined> {
  const bytes = await readFile(path).catch((error) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  const ledger = bytes && parseLedger(bytes);
  if (!ledger?.head || ledger.head.ledger === LEDGER_FORMAT) return ledger;
  const { ledger: format, software } = ledger.head;
  throw new ThingError(
    "BAD_RECORDING",
    `${path} has ledger format ${format} (${software}), and this version reads format ${LEDGER_FORMAT} only. It was left unchanged: use the version that wrote it, or a later one.`,
  );
}

function parseLedger(bytes: Buffer): Ledger {
  const frames: LedgerFrame[] = [];
  const lineEnds: number[] = [];
  const notes: { note: LedgerNote; end: number }[] = [];
  let [head, summary]: [LedgerHead?, RecordingSummary?] = [];
  let headEnd = 0;
  for (let at = 0, end = 0; at < bytes.length; at = end) {
    end = bytes.indexOf(10, at) + 1;
    const line = end > 0 ? parseLine(bytes.toString("utf8", at, end)) : undefined;
    if (!line && summary && end > 0) continue; // a note that a power cut tore: it was closed before
    if (!line) break; // torn: what follows was never whole
    if (line.kind === "frame") {
      frames.push(line.frame);
      lineEnds.push(end);
    } else if (line.kind === "head") {
      head = line.head;
      headEnd = end;
    } else if (line.kind === "summary") summary = line.summary;
    else notes.push({ note: line.note, end });
  }
  return { head, frames, notes, summary, lineEnds, headEnd };
}

type Line =
  | { kind: "frame"; frame: LedgerFrame }
  | { kind: "head"; head: LedgerHead }
  | { kind: "summary"; summary: RecordingSummary }
  | { kind: "note"; note: LedgerNote };

function parseLine(text: string): Line | undefined {
  try {
    const value = JSON.parse(text);
    if (Array.isArray(value)) {
      const [run, index, capturedAt, offset, size, crc] = value;
      const isWhole = [index, capturedAt, offset, size, crc].every(Number.isFinite);
      if (!isWhole || typeof run !== "string") return undefined;
      return { kind: "frame", frame: { run, index, capturedAt, offset, size, crc } };
    }
    if ("ledger" in value) return { kind: "head", head: value };
    if ("summary" in value) return { kind: "summary", summary: value.summary };
    return { kind: "note", note: value };
  } catch {
    return undefined;
  }
}
