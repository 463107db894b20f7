import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { ThingError } from "../../src/base/errors.ts";
import { repairRecording } from "../../src/recording/repair.ts";
import { verifyRecording } from "../../src/recording/verify.ts";
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

/** A frame of the last second before a recording was torn off may be lost with it. */
const LAST_SECOND = 30;

/**
 * Accounts for every frame that a recorder's camera gave: each is in one file, as it was and in order, or listed with a cause, or
 * fell into an outage that the recorder told of. Files that were torn off are repaired.
 */
export async function judge({ folder, captured, deeds }: RecorderProcess): Promise<Verdict> {
  const accounts: Account[] = [];
  for (const name of await readdir(folder)) {
    if (name.endsWith(".mkv")) accounts.push(...(await repaired(join(folder, name))));
  }
  const placeOf = new Map(captured.map(({ run, index }, place) => [`${run}/${index}`, place]));
  const first = ({ kept }: Account) => placeOf.get(`${kept[0]?.run}/${kept[0]?.index}`) ?? -1;
  accounts.sort((one, other) => first(one) - first(other));
  const missing = missingFrom(accounts, captured);
  const outages = [...outagesIn(deeds, captured), afterTheEnd(deeds, accounts, captured, placeOf)];
  for (const { run, index } of missing) {
    const place = placeOf.get(`${run}/${index}`)!;
    if (outages.some(([from, to]) => place >= from && place < to)) continue;
    const files = accounts.map((account) => spanOf(account, placeOf));
    const about = JSON.stringify({ place, deeds, files });
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

/** What is captured after the last recording was stopped is in none. All that it took before is in its files, or listed. */
function afterTheEnd(
  deeds: readonly Deed[],
  accounts: readonly Account[],
  captured: readonly Captured[],
  placeOf: ReadonlyMap<string, number>,
): [number, number] {
  const { ended, captured: taken } = deeds.at(-1)!;
  if (ended !== "stopped") return [0, 0];
  const take = deeds.findLast(({ opened }) => opened !== undefined)!.opened!.replace(/\.mkv$/, "");
  const own = accounts.filter(({ path }) => path.startsWith(`${take}-`));
  const accounted = own.reduce((sum, { summary }) => sum + summary.captured, 0);
  assert.equal(accounted, taken, `${take}: frames that its files account for`);
  const ends = own.flatMap(({ kept, lost }) => [
    ...kept.map(({ run, index }) => placeOf.get(`${run}/${index}`)!),
    ...lost.map(({ run, to }) => placeOf.get(`${run}/${to}`)!),
  ]);
  return [1 + Math.max(...ends), captured.length];
}

/** Where a recording begins and ends among all that was captured, for whoever looks for a fault. */
function spanOf({ path, kept, summary }: Account, placeOf: ReadonlyMap<string, number>) {
  const places = [kept[0], kept.at(-1)].map((one) => placeOf.get(`${one?.run}/${one?.index}`));
  return [basename(path), ...places, summary.ended, summary.dropped];
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

/** From a second before a recording ended by a fault until the next one was open, in places of captured frames. */
function outagesIn(deeds: readonly Deed[], captured: readonly Captured[]): [number, number][] {
  return deeds.flatMap(({ ended, after }, n): [number, number][] => {
    if (ended === undefined || ended === "stopped") return [];
    const next = deeds.slice(n + 1).find(({ opened }) => opened !== undefined);
    return [[after - LAST_SECOND, next?.after ?? captured.length]];
  });
}
