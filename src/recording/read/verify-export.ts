import { access } from "node:fs/promises";
import { messageOf, reasonOf, ThingError } from "../../base/errors.ts";
import { programVersion } from "../../processes/programs.ts";
import { ledgerOfExport } from "../files/export-ledger.ts";
import { type LedgerFrame, lostLaterIn } from "../ledger/ledger.ts";
import { type Ledger, readLedger } from "../ledger/read-ledger.ts";
import { ticksOf, timeFaults } from "../ledger/recorded-times.ts";
import { timingOf } from "../ledger/timing.ts";
import { counted, proof, type Verdict } from "../ledger/verdict.ts";
import { TOLERANCE_MS, type VideoFormat } from "../ledger/video-format.ts";
import { TICKS_PER_MS } from "../matroska/matroska.ts";
import { junkBehind } from "../repair/repaired-ledger.ts";
import { type ProbedVideo, probedVideo } from "./probe.ts";

/** Beside what a format's clock can tell apart: numbers are printed with 6 decimals. */
const ROUNDING_MS = 0.001;

/**
 * Counts the frames of an MP4 or a WebM, decoding each, and compares their times with the ledger of its recording. That cannot
 * tell what the pictures show: they were encoded again.
 * @throws {ThingError} `NOT_FOUND`; `PROGRAM_MISSING` without ffprobe.
 */
export async function verifyExport(
  path: string,
  format: VideoFormat,
  signal?: AbortSignal,
): Promise<Verdict> {
  await access(path).catch((error) => {
    throw new ThingError("NOT_FOUND", `${path} cannot be read: ${reasonOf(error)}.`);
  });
  await programVersion("ffprobe").catch((cause) => {
    const why = `${path} was not verified: that requires ffprobe. ${messageOf(cause)}`;
    throw new ThingError("PROGRAM_MISSING", why, { cause });
  });
  const ledger = await readLedger(await ledgerOfExport(path));
  const video = await probedVideo(path, signal).catch(() => undefined);
  signal?.throwIfAborted();
  if (!video) return disagreeing(path, "ffprobe cannot read it");
  if (!ledger) {
    const why = `has ${video.times.length} frames but no ledger to compare them with`;
    return disagreeing(path, why, video);
  }
  return compared(path, ledger, video, TOLERANCE_MS[format] + ROUNDING_MS);
}

async function compared(
  path: string,
  ledger: Ledger,
  video: ProbedVideo,
  toleranceMs: number,
): Promise<Verdict> {
  const { missing, found, former, largestErrorMs } = matched(ledger, video.times, toleranceMs);
  const unlisted = video.times.length - found - former;
  const faults = [
    missing.length > 0 && `${counted(missing)} missing or not at their time`,
    unlisted > 0 && `${unlisted} at times that the ledger does not list`,
    video.decoded !== video.times.length &&
      `${video.times.length - video.decoded} cannot be decoded`,
    video.complaint && `ffprobe says: ${video.complaint}`,
    !ledger.summary && "its recording was not closed",
    ...junkBehind(ledger).map(
      ({ bytes }) => `${bytes} bytes after the summary of its ledger are not ledger lines`,
    ),
    ...(await timeFaults(ledger)),
  ].filter((fault) => typeof fault === "string");
  const timing = await timingOf(ledger);
  if (faults.length > 0) {
    const why = `disagrees with its ledger: ${faults.join(", ")}`;
    return { ...disagreeing(path, why, video), missing, unlisted, timing };
  }
  const more = former > 0 ? `, and so are ${former} that the recording has lost since` : "";
  const sentence = `${path}: ${proof(ledger, timing)}; each is within ${largestErrorMs.toFixed(2)} ms of its time${more}.`;
  return { ...disagreeing(path, "", video), ok: true, sentence, timing };
}

/** Which frames of a ledger are in a video. */
interface Matched {
  readonly missing: readonly LedgerFrame[];
  /** Frames of the ledger that are in it at their times. */
  readonly found: number;
  /** Frames in it where the ledger says that the recording had some until they were damaged. */
  readonly former: number;
  readonly largestErrorMs: number;
}

/** A video keeps the times of its stream, or begins at 0: with its recording's first frame, or with one that was that. */
function matched(ledger: Ledger, times: readonly number[], toleranceMs: number): Matched {
  const wanted = timesOf(ledger);
  const formerAt = formerFrames(ledger);
  const [first = 0, start = 0] = [wanted[0], times[0]];
  const formerStart = first - (times[formerAt.get(0) ?? 0] ?? 0);
  const zeros = Math.abs(start - first) <= toleranceMs ? [0] : [first];
  if (formerAt.has(0)) zeros.push(0, formerStart);
  const [best] = zeros
    .map((zero) => matchedFrom(ledger, wanted, times, { zero, formerAt, toleranceMs }))
    .sort((one, other) => other.found - one.found);
  return best!;
}

interface Alignment {
  /** The recording's time at which the video's is 0, ms. */
  readonly zero: number;
  readonly formerAt: ReadonlyMap<number, number>;
  readonly toleranceMs: number;
}

function matchedFrom(
  { frames }: Ledger,
  wanted: readonly number[],
  times: readonly number[],
  { zero, formerAt, toleranceMs }: Alignment,
): Matched {
  const missing: LedgerFrame[] = [];
  let [at, found, former, largestErrorMs] = [0, 0, 0, 0];
  for (let n = 0; n <= wanted.length; n++) {
    const due = (wanted[n] ?? Number.POSITIVE_INFINITY) - zero;
    let mayBeFormer = formerAt.get(n) ?? 0;
    while (mayBeFormer > 0 && at < times.length && times[at]! < due - toleranceMs) {
      [mayBeFormer, at, former] = [mayBeFormer - 1, at + 1, former + 1];
    }
    if (n === wanted.length) break;
    const error = Math.abs((times[at] ?? Number.POSITIVE_INFINITY) - due);
    if (error > toleranceMs) missing.push(frames.at(n)!);
    else [at, found, largestErrorMs] = [at + 1, found + 1, Math.max(largestErrorMs, error)];
  }
  return { missing, found, former, largestErrorMs };
}

/** Behind how many of its frames a ledger says how many were damaged later. */
function formerFrames({ notes }: Ledger): Map<number, number> {
  const formerAt = new Map<number, number>();
  for (const { note, after } of notes) {
    const count = lostLaterIn(note);
    if (count > 0) formerAt.set(after, (formerAt.get(after) ?? 0) + count);
  }
  return formerAt;
}

function disagreeing(path: string, why: string, video?: ProbedVideo): Verdict {
  const frames = video?.times.length ?? 0;
  return { ok: false, sentence: `${path}: ${why}.`, frames, missing: [], damaged: [], unlisted: 0 };
}

/** When the ledger's frames are in the recording, ms: times there do not step back. */
function timesOf({ head, frames }: Ledger): number[] {
  const zero = head?.timeZero ?? frames.at(0)?.capturedAt ?? 0;
  return [...ticksOf(frames, zero)].map((tick) => tick / TICKS_PER_MS);
}
