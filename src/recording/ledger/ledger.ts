import type { ClockOffset } from "../../base/fleet-clock.ts";
import type { SourceLoss } from "../../frames/frame.ts";
import type { ExportNote, ExportWish } from "./export-wish.ts";

/** What this version writes and reads. */
export const LEDGER_FORMAT = 1;

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
  /** Its index where it was captured first, if another stream captured it; the newest `origin` before it names that. */
  readonly originIndex?: number | undefined;
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

/** Bytes of the file that a repair took out of the way of players. They are still there, inside of a Void element. */
interface DamagedFrames {
  /** The frames that stood there. Absent where nobody knows which they were. */
  readonly run?: string;
  readonly from?: number;
  readonly to?: number;
  /** Where the bytes stand in the file, and how many there are. */
  readonly at: number;
  readonly bytes: number;
  readonly why: string;
}

/** Lines of the ledger that could not be read any more. */
interface DamagedLines {
  /** Bytes. */
  readonly bytes: number;
  /** What can be read of them, if that is little. */
  readonly text: string;
  readonly why: string;
}

/** From this frame on, pictures have another size; the first frame's is that of the file. */
interface FrameSize {
  readonly run: string;
  readonly index: number;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
}

/** From this frame on, frames were captured first in another run or stream: that of the camera, where another server shows them. */
interface FrameOrigin {
  readonly run: string;
  readonly index: number;
  /** URL or name of the stream that captured it. */
  readonly stream: string;
  readonly originRun: string;
  readonly originIndex: number;
  /** Epoch ms, on the clock of the machine that captured it. */
  readonly capturedAt: number;
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

/** From one frame to the next. */
export interface Gap {
  readonly ms: number;
  /** When the frame before it was captured, epoch ms. */
  readonly at: number;
}

/** Why a frame is not in a timelapse: no loss, but left out on purpose. */
export const LEFT_OUT = "it is between the pictures of a timelapse";
/** Why a frame is no longer in a recording that was closed with it. */
export const DAMAGE = {
  changed: "it is damaged: its bytes have changed",
  empty: "it is damaged: the disk has lost bytes of it",
  unreadable: "the disk cannot read it (EIO)",
  cutOff: "the file ends before it",
} as const;
const DAMAGES: readonly string[] = Object.values(DAMAGE);

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
  /** Frames a second that the camera was set to give, where it says so. */
  readonly expectedFps?: number;
  readonly settings?: unknown;
  /** What is to be made of it when it is closed. */
  readonly exporting?: ExportWish;
  /** How the clock of its times stood to that of the fleet when it began. */
  readonly clock?: ClockOffset;
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
  /** Frames a second, from the first to the last; left out with fewer than two. */
  readonly rate?: number | undefined;
  /** The longest time from one frame in the file to the next, and when the one before it was captured, epoch ms. */
  readonly longestGap?: Gap | undefined;
  /** Bytes of the file. */
  readonly bytes: number;
}

/** A line of the ledger that is no frame. */
export type LedgerNote =
  | { readonly dropped: LostFrames }
  | { readonly damaged: DamagedFrames }
  | { readonly damagedLines: DamagedLines }
  | { readonly run: { readonly run: string; readonly previousRun: string } }
  | { readonly size: FrameSize }
  | { readonly origin: FrameOrigin }
  | { readonly source: SourceNote }
  | { readonly clockStep: { readonly at: number; readonly byMs: number } }
  | ExportNote;

/** The line of a frame: `["k3x9q2",17,1770000000123.457,5321,100321,2586563104]`, with its index at its origin behind, if it has one. */
export function frameLine(frame: LedgerFrame): string {
  const { run, index, capturedAt, offset, size, crc, originIndex } = frame;
  const end = originIndex === undefined ? "" : `,${originIndex}`;
  return `[${JSON.stringify(run)},${index},${capturedAt},${offset},${size},${crc}${end}]\n`;
}

/** Any other line. */
export function noteLine(note: LedgerHead | LedgerNote | { summary: RecordingSummary }): string {
  return `${JSON.stringify(note)}\n`;
}

/** The frames that a line says are not in the file, whether they were lost or damaged. */
export function lossIn(note: LedgerNote): LostFrames | undefined {
  if ("dropped" in note) return note.dropped;
  if (!("damaged" in note)) return undefined;
  const { run, from, to, why } = note.damaged;
  if (run === undefined || from === undefined || to === undefined) return undefined;
  return { run, from, to, why };
}

/** How many frames a line says were in the file before they were damaged: what was made of it before that has them. */
export function lostLaterIn(note: LedgerNote): number {
  const isLater = "damaged" in note || ("dropped" in note && DAMAGES.includes(note.dropped.why));
  const loss = isLater ? lossIn(note) : undefined;
  return loss ? loss.to - loss.from + 1 : 0;
}
