import { access } from "node:fs/promises";
import { messageOf, reasonOf, ThingError } from "../../base/errors.ts";
import { programVersion } from "../../processes/programs.ts";
import { ledgerOfExport } from "../files/export-ledger.ts";
import type { LedgerFrame } from "../ledger/ledger.ts";
import { type Ledger, readLedger } from "../ledger/read-ledger.ts";
import { ticksOf, timeFaults } from "../ledger/recorded-times.ts";
import { timingOf } from "../ledger/timing.ts";
import { counted, proof, type Verdict } from "../ledger/verdict.ts";
import { TOLERANCE_MS, type VideoFormat } from "../ledger/video-format.ts";
import { TICKS_PER_MS } from "../matroska/matroska.ts";
import { junkBehind } from "../repair/repaired-ledger.ts";
import { type ProbedFilm, probedFilm } from "./probe.ts";

/** Beside what a format's clock can tell apart: numbers are printed with 6 decimals. */
const ROUNDING_MS = 0.001;

/**
 * Counts the frames of an MP4 or a WebM, decoding each, and compares their times with the ledger of its recording. That cannot
 * tell what the pictures show: they were encoded again.
 * @throws {ThingError} `NOT_FOUND`; `PROGRAM_MISSING` without ffprobe.
 */
export async function verifyExport(path: string, format: VideoFormat): Promise<Verdict> {
  await access(path).catch((error) => {
    throw new ThingError("NOT_FOUND", `${path} cannot be read: ${reasonOf(error)}.`);
  });
  await programVersion("ffprobe").catch((cause) => {
    const why = `${path} was not verified, which takes ffprobe. ${messageOf(cause)}`;
    throw new ThingError("PROGRAM_MISSING", why, { cause });
  });
  const ledger = await readLedger(await ledgerOfExport(path));
  const film = await probedFilm(path).catch(() => undefined);
  if (!film) return disagreeing(path, "ffprobe cannot read it");
  if (!ledger) {
    const why = `has ${film.times.length} frames and no ledger that says which there were`;
    return disagreeing(path, why, film);
  }
  return compared(path, ledger, film, TOLERANCE_MS[format] + ROUNDING_MS);
}

async function compared(
  path: string,
  ledger: Ledger,
  film: ProbedFilm,
  toleranceMs: number,
): Promise<Verdict> {
  const wanted = timesOf(ledger);
  const start = film.times[0] ?? 0;
  const isFromZero = Math.abs(start - (wanted[0] ?? 0)) > toleranceMs;
  const zero = isFromZero ? (wanted[0] ?? 0) : 0; // an event's film may keep its stream time
  const missing: LedgerFrame[] = [];
  let [found, largestErrorMs] = [0, 0];
  for (const [n, time] of wanted.entries()) {
    const error = Math.abs((film.times[found] ?? Number.POSITIVE_INFINITY) - (time - zero));
    if (error > toleranceMs) missing.push(ledger.frames.at(n)!);
    else {
      found += 1;
      largestErrorMs = Math.max(largestErrorMs, error);
    }
  }
  const unlisted = film.times.length - found;
  const faults = [
    missing.length > 0 && `${counted(missing)} not in it at its time`,
    unlisted > 0 && `${unlisted} in it at times that the ledger does not list`,
    film.decoded !== film.times.length && `${film.times.length - film.decoded} cannot be decoded`,
    film.complaint && `ffprobe says: ${film.complaint}`,
    !ledger.summary && "its recording was not closed",
    ...junkBehind(ledger).map(
      ({ bytes }) => `${bytes} bytes behind the summary of its ledger are no lines of one`,
    ),
    ...(await timeFaults(ledger)),
  ].filter((fault) => typeof fault === "string");
  const timing = await timingOf(ledger);
  if (faults.length > 0) {
    const why = `disagrees with its ledger: ${faults.join(", ")}`;
    return { ...disagreeing(path, why, film), missing, unlisted, timing };
  }
  const sentence = `${path}: ${proof(ledger, timing)}; each is at its time to ${largestErrorMs.toFixed(2)} ms.`;
  return { ...disagreeing(path, "", film), ok: true, sentence, timing };
}

function disagreeing(path: string, why: string, film?: ProbedFilm): Verdict {
  const frames = film?.times.length ?? 0;
  return { ok: false, sentence: `${path}: ${why}.`, frames, missing: [], damaged: [], unlisted: 0 };
}

/** When the ledger's frames are in the recording, ms: times there do not step back. */
function timesOf({ head, frames }: Ledger): number[] {
  const zero = head?.timeZero ?? frames.at(0)?.capturedAt ?? 0;
  return [...ticksOf(frames, zero)].map((tick) => tick / TICKS_PER_MS);
}
