import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { TEST_MS } from "../limits.ts";
import { framesIn, newPath } from "./recordings.ts";

const KILLS = process.env.THINGSCOPE_LONG ? 500 : 25;
const AT_ONCE = 3;
const CHILD = packagePath("dist", "test", "recording", "recording-child.js");

/** A frame that a recorder had, and what that had waited for a processor until then, ms. */
interface Had {
  readonly capturedAt: number;
  readonly waitedMs: number;
}

/** Records until it is killed, some while after its first frame. @returns the frames that it had. */
async function killedWhileRecording(path: string, afterMs: number): Promise<Had[]> {
  const child = spawn(process.execPath, [CHILD, path, "20000", "100000"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  const frames: Had[] = [];
  for await (const line of createInterface(child.stdout)) {
    if (frames.length === 0) setTimeout(() => child.kill("SIGKILL"), afterMs);
    const [capturedAt = 0, waitedMs = 0] = line.split(" ").map(Number);
    frames.push({ capturedAt, waitedMs });
  }
  await closed;
  return frames;
}

/** How long the recorder had from one frame to the newest, without what others had of the processor, ms. */
function msSince(from: Had, frames: readonly Had[]): number {
  const newest = frames.at(-1)!;
  return newest.capturedAt - from.capturedAt - (newest.waitedMs - from.waitedMs);
}

test(`${KILLS} recorders are killed; each file can be read and repaired, and lacks less than its last second`, {
  timeout: TEST_MS + KILLS * 6000,
}, async () => {
  let worst = 0;
  const kill = async (n: number) => {
    const path = await newPath();
    const frames = await killedWhileRecording(path, 250 + ((n * 7919) % 1500));
    if ((await framesIn(path)) === 0) {
      assert.ok(msSince(frames[0]!, frames) < 1000, "not one frame was written in a second");
      return;
    }
    await repairRecording(path);
    const { ok, sentence } = await verifyRecording(path);
    assert.ok(ok, sentence);
    const summary = (await readLedger(ledgerPathOf(path)))!.summary!;
    assert.equal(summary.ended, "it ended by crash");
    const last = frames.find(({ capturedAt }) => capturedAt >= summary.last! - 0.051);
    const lostMs = last ? msSince(last, frames) : 0; // else it had written what it had no time to tell
    assert.ok(lostMs < 1000, `${lostMs} ms are lost`);
    worst = Math.max(worst, lostMs);
  };
  let next = 0;
  const killOn = async () => {
    while (next < KILLS) await kill(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, killOn));
  console.log(`# at most ${worst.toFixed(0)} ms were lost by a kill`);
});

test("a file that reaches its limit ends with a reason, and agrees with its ledger", {
  timeout: TEST_MS,
}, async () => {
  const path = await newPath();
  const limited = `ulimit -f 700 && exec "$0" "$@"`;
  const child = spawn("sh", ["-c", limited, process.execPath, CHILD, path, "20000", "120"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  let last = "";
  for await (const line of createInterface(child.stdout)) last = line;
  assert.deepEqual(await closed, [0, null]);
  const { ended, written, captured, dropped } = JSON.parse(last);
  assert.equal(ended, "the file is as large as its disk allows");
  assert.equal(captured, written + dropped["the file is as large as its disk allows"]);
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
  assert.ok(written >= 15 && written < 40, sentence);
});

test("where files have a largest size, as on FAT, a recording goes on in the next file, and what did not fit is listed", {
  timeout: TEST_MS,
}, async () => {
  const path = await newPath();
  const program = packagePath("dist", "test", "recording", "limited-child.js");
  const limited = `ulimit -f 700 && exec "$0" "$@"`;
  const child = spawn("sh", ["-c", limited, process.execPath, program, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { ended, captured, written, dropped, files } = JSON.parse(await text(child.stdout));
  assert.equal(ended, "stopped");
  assert.deepEqual([captured, written + dropped], [60, 60]);
  assert.ok(files.length > 1, `${files.length} files`);
  let listed = 0;
  for (const file of files) {
    const { ok, sentence } = await verifyRecording(file.path);
    assert.ok(ok, sentence);
    listed += Object.values<number>(file.summary.dropped).reduce((sum, count) => sum + count, 0);
  }
  assert.equal(listed, dropped);
});
