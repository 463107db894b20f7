import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { isDeepStrictEqual, promisify } from "node:util";
import { messageOf, ThingError } from "../../src/base/errors.ts";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { TEST_MS } from "../limits.ts";
import { type Account, accountOf, type Captured, missingFrom } from "../recording/accounts.ts";
import { damage } from "../recording/damage.ts";
import { collect, newPath } from "../recording/recordings.ts";
import { SEED } from "../seed.ts";
import { callsThatMade, type DiskCall, readDiskLog } from "./disk-log.ts";
import { runWithShim } from "./disk-shim.ts";
import { Disk, FATES, type Fate, type Random, randomOf } from "./power-cut.ts";

const isLong = Boolean(process.env.THINGSCOPE_LONG);
const RECORDINGS = isLong ? 12 : 1;
const REPAIRS = isLong ? 10 : 1;
const CUTS_EACH = isLong ? 25 : 10;
/** A repair is cut after each of so many calls: after each one in a long run. */
const CALLS_BETWEEN_CUTS = isLong ? 1 : 3;
const SECONDS = 7;
const FRAME_MS = 20;
const MOST_LOST_MS = 1000;
const SYNC_MS = "20";

/** A recording, and all that it asked of its disk. */
interface History {
  readonly folder: string;
  readonly calls: readonly DiskCall[];
  readonly captured: readonly Captured[];
}

async function recordOnLoggedDisk(): Promise<History> {
  const [folder, log] = [dirname(await newPath()), await newPath("disk-log")];
  const settings = { DISK_FOLDER: `${folder}/`, DISK_LOG: log, DISK_SYNC_MS: SYNC_MS };
  const path = join(folder, "nests", "spring", "nest.mkv");
  const program = "system/power-cut-child.js";
  const told = await runWithShim("disk-log", settings, program, path, String(SECONDS));
  const captured = told
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { folder, calls: await readDiskLog(log), captured };
}

/** The first recording serves both tests. */
const firstHistory = recordOnLoggedDisk();
firstHistory.catch(() => {}); // the tests tell

/** When the power fails, and how many calls the disk has had until then. */
function cutIn(calls: readonly DiskCall[], random: Random): { count: number; time: number } {
  const last = calls.at(-1)!.time;
  if (random() < 0.5) {
    const count = 1 + Math.floor(random() * calls.length);
    return { count, time: calls[count]?.time ?? last };
  }
  const time = calls[0]!.time + random() * (last - calls[0]!.time);
  return { count: calls.filter((call) => call.time <= time).length, time };
}

/** Repairs what is found in a folder, and reads it. A file without a whole frame is none. */
async function repairAll(folder: string): Promise<Account[]> {
  const names = await readdir(folder, { recursive: true });
  const accounts: Account[] = [];
  for (const name of names.filter((one) => one.endsWith(".mkv")).sort()) {
    const path = join(folder, name);
    try {
      await using film = await openRecording(path);
      await collect(film.frames()); // it can be read as it is
      await repairRecording(path);
    } catch (error) {
      if (error instanceof ThingError && error.code === "BAD_RECORDING") continue;
      throw error;
    }
    accounts.push(await accountOf(path));
  }
  return accounts;
}

/** That ffmpeg decodes so many frames and has nothing to complain of. */
async function assertPlays(path: string, frames: number): Promise<void> {
  const args = ["-v", "warning", "-i", path, "-fps_mode", "passthrough", "-f", "framecrc", "-"];
  const { stdout, stderr } = await promisify(execFile)("ffmpeg", args).catch((error) => {
    throw new Error("ffmpeg failed. If it is not installed, run: scripts/setup", { cause: error });
  });
  assert.equal(stderr, "", path);
  assert.equal(stdout.split("\n").filter((line) => /^0,/.test(line)).length, frames, path);
}

/** Frames of a file that was to make way for a newer one are no loss. */
function firstDue({ captured }: History, calls: readonly DiskCall[], time: number): number {
  if (!calls.some(({ kind }) => kind === "unlink")) return 0;
  const index = captured.findIndex(({ capturedAt }) => capturedAt >= time - 3500);
  return captured[index]!.index;
}

/** What a cut leaves in a new folder. */
async function restoredFrom(
  { folder, calls }: History,
  { count, fate, random }: { count: number; fate: Fate; random: Random },
  before: readonly DiskCall[] = [],
): Promise<string> {
  const restored = dirname(await newPath());
  await new Disk(calls.slice(0, count), before).restore(folder, restored, fate, random);
  return restored;
}

/** How long at most the machine had no time for the recorder, which takes a frame every 20 ms. */
function heldUpMs(known: readonly Captured[]): number {
  const gaps = known.slice(1).map(({ capturedAt }, n) => capturedAt - known[n]!.capturedAt);
  return Math.max(0, ...gaps.map((gap) => gap - 2 * FRAME_MS));
}

/** Cuts the power somewhere in a history, and looks at what is left. @returns how much is lost, ms. */
async function cutAndRepair(history: History, fate: Fate, random: Random): Promise<number> {
  const { calls, captured } = history;
  const { count, time } = cutIn(calls, random);
  const accounts = await repairAll(await restoredFrom(history, { count, fate, random }));
  for (const { path, kept } of accounts) await assertPlays(path, kept.length);
  const known = captured.filter(({ capturedAt }) => capturedAt <= time);
  const first = firstDue(history, calls.slice(0, count), time);
  const lost = missingFrom(accounts, known).find(({ index }) => index >= first);
  const lostMs = lost ? known.at(-1)!.capturedAt - lost.capturedAt : 0;
  const told = `${lostMs} ms are lost, from frame ${lost?.index} on, after ${count} of ${calls.length} calls`;
  assert.ok(lostMs <= MOST_LOST_MS + heldUpMs(known), told);
  return lostMs;
}

for (let n = 1; n <= RECORDINGS; n++) {
  test(`recording ${n}: after each of ${CUTS_EACH} power cuts the files agree with their ledgers and lack at most the last second`, {
    timeout: TEST_MS,
  }, async () => {
    const history = await (n === 1 ? firstHistory : recordOnLoggedDisk());
    const failures: string[] = [];
    let worst = 0;
    for (let k = 1; k <= CUTS_EACH; k++) {
      const [seed, fate] = [n * 1000 + k, FATES[k % FATES.length]!];
      const lostMs = await cutAndRepair(history, fate, randomOf(seed)).catch((error) => {
        failures.push(`seed ${seed}, fate: ${fate}: ${messageOf(error)}`);
        return 0;
      });
      worst = Math.max(worst, lostMs);
    }
    assert.deepEqual(failures, []);
    console.log(
      `# ${CUTS_EACH} cuts in ${history.calls.length} calls: at most ${worst.toFixed(0)} ms were lost`,
    );
  });
}

test("before the first frame of a file, its name, its ledger and both heads are on the disk", {
  timeout: TEST_MS,
}, async () => {
  const { folder, calls, captured } = await firstHistory;
  const films = calls.filter(({ kind, path }) => kind === "create" && path.endsWith(".mkv"));
  assert.ok(films.length > 2);
  for (const { path } of films) {
    const writes = calls.filter((call) => call.kind === "write" && call.path === path);
    const [head, frame] = writes;
    const cut = { count: calls.indexOf(frame!), fate: "lost", random: randomOf(1) } as const;
    const left = await restoredFrom({ folder, calls, captured }, cut);
    const film = join(left, relative(folder, path));
    assert.equal((await stat(film)).size, head?.kind === "write" && head.bytes.length);
    assert.ok((await readLedger(ledgerPathOf(film)))?.head, path);
  }
});

test("a repair that the power ends, wherever it is, can be run again and lists the same", {
  timeout: REPAIRS * TEST_MS,
}, async () => {
  const history = await firstHistory;
  const failures: string[] = [];
  let cuts = 0;
  let repairs = 0;
  for (let k = 1; repairs < REPAIRS; k++) {
    const random = randomOf(k);
    const fate = k % 2 ? "some sectors" : "in order, torn";
    const count = Math.floor(history.calls.length * (0.2 + 0.8 * random()));
    const crashed = await restoredFrom(history, { count, fate, random });
    if (k % 2) await damageAll(crashed, random);
    const before = await callsThatMade(crashed);
    const log = await newPath("disk-log");
    const settings = { DISK_FOLDER: `${crashed}/`, DISK_LOG: log };
    const films = before.filter(({ kind, path }) => kind === "create" && path.endsWith(".mkv"));
    const paths = films.map(({ path }) => path);
    await runWithShim("disk-log", settings, "system/repair-child.js", ...paths);
    const repaired = await repairAll(crashed);
    const calls = await readDiskLog(log);
    if (calls.length > 0) repairs += 1; // else no file was open at that moment
    const first = 1 + (SEED % CALLS_BETWEEN_CUTS);
    for (let at = first; at <= calls.length; at += CALLS_BETWEEN_CUTS, cuts++) {
      const again = FATES[at % FATES.length]!;
      const asked = { folder: crashed, calls, captured: [] };
      const left = await restoredFrom(asked, { count: at, fate: again, random }, before);
      const accounts = await repairAll(left);
      const told = `repair ${k} cut after ${at} of ${calls.length} calls, fate: ${again}`;
      if (!isDeepStrictEqual(identities(accounts), identities(repaired))) failures.push(told);
    }
  }
  assert.deepEqual(failures, []);
  console.log(`# ${cuts} cuts in ${repairs} repairs`);
});

/** A disk whose power failed may have lost bytes in the middle, too. */
async function damageAll(folder: string, random: Random): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    const path = join(folder, name);
    const { size } = await stat(path);
    if (!/\.(mkv|jsonl)$/.test(name) || size < 5000) continue;
    const anywhere = () => Math.floor(2000 + random() * (size - 4000));
    await damage(path, anywhere(), { flip: 2 });
    await damage(path, anywhere(), { zeros: 600 });
  }
}

/** Which frames there are, and which are listed as lost. */
function identities(accounts: readonly Account[]) {
  return accounts.map(({ kept, lost, summary }) => ({
    kept: kept.map(({ run, index, capturedAt }) => [run, index, capturedAt]),
    lost,
    dropped: summary.dropped,
  }));
}
