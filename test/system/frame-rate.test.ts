import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, open, readdir, readFile, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { readFileHead } from "../../src/recording/matroska/matroska-head.ts";
import { MatroskaMjpeg } from "../../src/recording/matroska/matroska-mjpeg.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { TEST_MS } from "../limits.ts";
import { frame, record } from "../recording/recordings.ts";

const timeout = TEST_MS;
const run = promisify(execFile);

async function averageRate(path: string): Promise<number> {
  const args = "-v error -show_entries stream=avg_frame_rate -of csv=p=0".split(" ");
  const { stdout } = await run("ffprobe", [...args, path]);
  const [above = Number.NaN, below = 1] = stdout.trim().split("/").map(Number);
  return above / below;
}

/** How many pictures `ffmpeg -i film.mkv f%05d.jpg` writes. */
async function picturesOf(t: TestContext, path: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "pictures-"));
  t.after(() => rm(folder, { recursive: true }));
  await run("ffmpeg", ["-v", "error", "-i", path, "-frames:v", "3000", join(folder, "f%05d.jpg")]);
  return (await readdir(folder)).length;
}

const every = (ms: number, count: number) => Array.from({ length: count }, (_, n) => n * ms);

/** When frames were captured, ms, and the rate that players are to be told. */
const FILMS: Record<string, [times: readonly number[], fps: number]> = {
  "10 Hz with the jitter of arrival": [every(100, 20).map((ms, n) => ms + ((n * 37) % 9)), 10],
  "29.97 Hz": [every(1001 / 30, 60), 29.97],
  "120 Hz": [every(1000 / 120, 120), 120],
  "30 Hz, of which 12 of 150 were never made": [
    every(1000 / 30, 150).filter((_, n) => n % 12 !== 5),
    27.6,
  ],
  "a timelapse of 10 s": [every(10_000, 6), 0.1],
};

for (const [name, [times, fps]] of Object.entries(FILMS)) {
  test(`players are told the rate of a film, and have as many pictures as it has frames: ${name}`, {
    timeout,
  }, async (t) => {
    const { path } = await record(times.map((ms, n) => frame(n, ms)));
    const rate = await averageRate(path);
    assert.ok(Math.abs(rate / fps - 1) < 0.02, `${rate}`);
    assert.ok(Math.abs((await picturesOf(t, path)) - times.length) <= 1);
  });
}

test("a film that is not closed has the rate that its camera states, and a repaired one its own", {
  timeout,
}, async (t) => {
  const { path } = await record(
    every(40, 50).map((ms, n) => frame(n, ms)),
    { expectedFps: 30 },
  );
  const { frames } = (await readLedger(ledgerPathOf(path)))!;
  await unclose(path, frames.at(40)!.offset + 100);
  const torn = await averageRate(path);
  assert.ok(Math.abs(torn - 30) < 0.01, `${torn}`);
  await repairRecording(path);
  assert.ok(Math.abs((await averageRate(path)) - 25) < 0.01);
  assert.ok(Math.abs((await picturesOf(t, path)) - 40) <= 1);
  const { ok, sentence, timing } = await verifyRecording(path);
  assert.ok(ok, sentence);
  assert.equal(timing!.expectedRate, 30);
});

/** As a crash leaves it: an open head, a torn end, no summary. */
async function unclose(path: string, end: number): Promise<void> {
  const { frames, notes, head } = (await readLedger(ledgerPathOf(path)))!;
  const file = await open(path, "r+");
  const bytes = Buffer.alloc(4096);
  await file.read(bytes, 0, bytes.length, 0);
  const { info, places } = readFileHead(bytes);
  assert.ok(places.frameDuration! + 12 <= 512, "one sector has it");
  const { head: first } = new MatroskaMjpeg({ ...info, rate: head!.expectedFps });
  await file.write(first, 0, first.length, 0);
  await file.close();
  await truncate(path, end);
  assert.equal(notes.length, 0);
  const lines = (await readFile(ledgerPathOf(path), "utf8"))
    .split("\n")
    .slice(0, frames.length + 1);
  await truncate(ledgerPathOf(path), Buffer.byteLength(`${lines.join("\n")}\n`));
}
