import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { ThingError } from "../../src/base/errors.ts";
import { lossIn } from "../../src/recording/ledger/ledger.ts";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { type Account, accountOf, type Captured, missingFrom } from "../recording/accounts.ts";
import type { Deed, RecorderProcess } from "./recorder-process.ts";

/** What became of all that was captured, in frames. */
export interface Verdict {
  readonly captured: number;
  readonly kept: number;
  /** In no file, and listed by the ledger; by cause. */
  readonly listed: Readonly<Record<string, number>>;
  /** In no file, while no recording was open or its last second was lost with it. */
  readonly outages: number;
  readonly accounts: readonly Account[];
}

/** What happened beside the recording. */
export interface Circumstances {
  /** How the wall clock was set meanwhile, ms each. */
  readonly clockSteps?: readonly number[];
  /** What was in recordings that somebody has deleted. */
  readonly deleted?: readonly Account[];
  /** Names of what was recorded by the way begin so: its frames are in another recording, too. */
  readonly side?: string;
  /** And so do those of other programs, which have times by a clock of their own. */
  readonly other?: string;
}

/**
 * A frame of the last second before a recording was torn off may be lost with it. That may be many frames: a source that
 * hung sends all that it owes at once.
 */
const LAST_SECOND_MS = 1000;

/**
 * Accounts for every frame that a recorder's camera gave: each is in one file, as it was and in order, or listed with a cause, or
 * fell into an outage that the recorder told of. Files that were torn off are repaired. An export has the frames of its ledger.
 */
export async function judge(
  { folder, captured, deeds, untold }: RecorderProcess,
  { clockSteps = [], deleted = [], side, other }: Circumstances = {},
): Promise<Verdict> {
  const accounts: Account[] = [...deleted];
  const names = await readdir(folder);
  const isSide = (name: string) => side !== undefined && name.startsWith(side);
  const isOther = (name: string) => other !== undefined && name.startsWith(other);
  for (const name of names.filter((one) => one.endsWith(".mkv"))) {
    const found = await repaired(join(folder, name));
    if (isOther(name)) {
      const told = found.map(({ kept, ...about }) => ({
        ...about,
        kept: kept.filter(({ run, index }) => !untold.has(`${run}/${index}`)),
      }));
      missingFrom(
        told.map((one) => asStamped(one, captured)),
        captured,
      );
    } else if (isSide(name))
      missingFrom(found, captured, clockSteps); // nothing is invented there either
    else accounts.push(...found);
  }
  const stems = new Set<string>(names.filter((name) => name.endsWith(".mkv")).map(stemOf));
  for (const name of names.filter((one) => /\.(mp4|webm)$/.test(one))) {
    const account = await exportedAccountOf(join(folder, name));
    if (!stems.has(stemOf(name))) accounts.push(account);
    stems.add(stemOf(name));
  }
  const placeOf = new Map(captured.map(({ run, index }, place) => [`${run}/${index}`, place]));
  const first = ({ kept }: Account) => placeOf.get(`${kept[0]?.run}/${kept[0]?.index}`) ?? -1;
  accounts.sort((one, other) => first(one) - first(other));
  const missing = missingFrom(accounts, captured, clockSteps);
  const outages = outagesIn(deeds, accounts, captured, placeOf);
  for (const { run, index } of missing) {
    const place = placeOf.get(`${run}/${index}`)!;
    if (outages.some(([from, to]) => place >= from && place < to)) continue;
    const about = JSON.stringify({ place, ...whatWasAbout(place, deeds, accounts, placeOf) });
    assert.fail(`${run}/${index} is missing, and nobody says why: ${about}`);
  }
  const listed: Record<string, number> = {};
  for (const { summary } of accounts) {
    for (const [why, count] of Object.entries(summary.dropped)) {
      listed[why] = (listed[why] ?? 0) + count;
    }
  }
  const kept = accounts.reduce((sum, account) => sum + account.kept.length, 0);
  return { captured: captured.length, kept, listed, outages: missing.length, accounts };
}

/** The account of a recording that is there as an MP4 or a WebM, which has every frame of its ledger at its time. */
export async function exportedAccountOf(path: string): Promise<Account> {
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
  const { frames, notes, summary } = (await readLedger(ledgerPathOf(path)))!;
  const kept = Array.from({ length: frames.length }, (_, n) => frames.at(n)!);
  const lost = notes.flatMap(({ note }) => lossIn(note) ?? []);
  return { path, kept, lost, summary: summary! };
}

/** An account with the times of the stream, for whoever looks at pictures and their order alone. */
function asStamped(account: Account, captured: readonly Captured[]): Account {
  const timeOf = new Map(
    captured.map(({ run, index, capturedAt }) => [`${run}/${index}`, capturedAt]),
  );
  const kept = account.kept.map((one) => ({
    ...one,
    capturedAt: timeOf.get(`${one.run}/${one.index}`) ?? one.capturedAt,
  }));
  return { ...account, kept };
}

function stemOf(name: string): string {
  return name.replace(/\.\w+$/, "");
}

/** How many deeds before and after a place a failure tells of. */
const ABOUT = 6;

/** What was done just before and after a frame was captured, and the files there, for whoever looks for a fault. */
function whatWasAbout(
  place: number,
  deeds: readonly Deed[],
  accounts: readonly Account[],
  placeOf: ReadonlyMap<string, number>,
) {
  const at = deeds.findIndex(({ after }) => after >= place);
  const near = deeds.slice(Math.max(0, at - ABOUT), at + ABOUT);
  const [from, to] = [near[0]?.after ?? 0, near.at(-1)?.after ?? Infinity];
  const files = accounts
    .map((account) => spanOf(account, placeOf))
    .filter(([, first, last]) => Number(last) >= from && Number(first) <= to);
  return { deeds: near, files };
}

/** Where a recording begins and ends among all that was captured, for whoever looks for a fault. */
function spanOf({ path, kept, summary }: Account, placeOf: ReadonlyMap<string, number>) {
  const placeOfFrame = (one = kept[0]) => placeOf.get(`${one?.run}/${one?.index}`);
  return [
    basename(path),
    placeOfFrame(),
    placeOfFrame(kept.at(-1)),
    summary.ended,
    summary.dropped,
  ] as const;
}

/** The account of a recording, which is closed if it is not; none if it has no whole frame. */
async function repaired(path: string): Promise<Account[]> {
  try {
    if (!(await verifyRecording(path)).ok) await repairRecording(path);
  } catch (error) {
    if (error instanceof ThingError && error.code === "BAD_RECORDING") return [];
    throw error;
  }
  return [await accountOf(path)];
}

/**
 * When nothing was recorded, in places of captured frames: before the first recording, and from the end of a recording until the next one was open. One that was
 * killed may have lost its last second; any other tells how many frames it took, and its files account for each of them.
 */
function outagesIn(
  deeds: readonly Deed[],
  accounts: readonly Account[],
  captured: readonly Captured[],
  placeOf: ReadonlyMap<string, number>,
): [number, number][] {
  return deeds.flatMap((deed, n): [number, number][] => {
    if (n === 0) return [[0, deed.after]];
    if (deed.ending !== undefined) return beforeAKill(deed, deeds[n + 1], captured);
    if (deed.ended === undefined) return [];
    const next = deeds.slice(n + 1).find(({ opened }) => opened !== undefined);
    const to = next?.after ?? captured.length;
    if (deed.ended === "killed") return [[lastSecondBefore(deed.after, captured), to]];
    const begun = deeds.slice(0, n).findLast(({ opened }) => opened !== undefined)!;
    return [[endOf(begun, deed, accounts, captured, placeOf), to]];
  });
}

/** A recording whose disk had failed, and that was killed before it could close its file. What waited for the disk is in no ledger. */
function beforeAKill(
  { after }: Deed,
  next: Deed | undefined,
  captured: readonly Captured[],
): [number, number][] {
  return next?.ended === "killed" ? [[lastSecondBefore(after, captured), next.after]] : [];
}

/** The place of the first frame that a recording did not take. */
function endOf(
  begun: Deed,
  { ended, captured: taken = 0, after }: Deed,
  accounts: readonly Account[],
  captured: readonly Captured[],
  placeOf: ReadonlyMap<string, number>,
): number {
  const take = begun.opened!.replace(/\.mkv$/, "");
  const own = accounts.filter(({ path }) => path.startsWith(`${take}-`));
  const accounted = own.reduce((sum, { summary }) => sum + summary.captured, 0);
  const ends = own.flatMap(({ kept, lost }) => [
    ...kept.map(({ run, index }) => placeOf.get(`${run}/${index}`)!),
    ...lost.map(({ run, to }) => placeOf.get(`${run}/${to}`)!),
  ]);
  const end = 1 + Math.max(begun.after - 1, ...ends);
  if (accounted === taken) return end;
  // A file that the disk never let begin is not there: then only its count is told.
  assert.ok(ended !== "stopped" && accounted < taken, `${take}: ${accounted} of ${taken}`);
  return Math.min(end, lastSecondBefore(after, captured));
}

/** The first place of the second before another one. Whatever came before has another clock, where a process was started anew. */
function lastSecondBefore(place: number, captured: readonly Captured[]): number {
  const end = captured[place - 1]?.capturedAt ?? 0;
  let first = place;
  while (first > 0 && Math.abs(end - captured[first - 1]!.capturedAt) <= LAST_SECOND_MS) first--;
  return first;
}
