import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import type { Frame } from "thingscope";
import { decodeRgb, encodeJpeg } from "thingscope/frames";
import { exportRecording, openRecording, verifyRecording } from "thingscope/recording";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { TEST_MS } from "../limits.ts";
import { collect, newPath, record, START } from "../recording/recordings.ts";

const timeout = TEST_MS;
const run = promisify(execFile);
const FRAMES = 30;
const SIZES = [
  [161, 121],
  [64, 64],
  [320, 100],
] as const;

/** White pictures: ten of each size. */
async function pictures(): Promise<Frame[]> {
  const white = await Promise.all(
    SIZES.map(([width, height]) =>
      encodeJpeg({ data: Buffer.alloc(3 * width * height, 255), width, height, channels: 3 }),
    ),
  );
  return Array.from({ length: FRAMES }, (_, index) => {
    const identity = { run: "k3x9q2", index, capturedAt: START + index * 40 };
    return storeFrame(white[Math.floor(index / 10)]!, identity).frame;
  });
}

/** How bright the middles of a film's frame are: of all, of its left and of its upper edge; 0 to 255. */
async function brightnessOf(film: string, frame: number): Promise<[number, number, number]> {
  const out = join(dirname(await newPath()), "frame.jpg");
  const select = `select=eq(n\\,${frame})`;
  await run("ffmpeg", ["-v", "error", "-i", film, "-vf", select, "-frames:v", "1", out]);
  const { data, width, height } = await decodeRgb(await readFile(out));
  const at = (x: number, y: number) => data[3 * (Math.floor(y) * width + Math.floor(x))]!;
  return [at(width / 2, height / 2), at(3, height / 2), at(width / 2, 3)];
}

test("a camera may change its size: each frame stays as it came, the ledger says where, and ffmpeg decodes all", {
  timeout,
}, async () => {
  const { path } = await record(await pictures());
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
  const { notes } = (await readLedger(ledgerPathOf(path)))!;
  assert.deepEqual(
    notes.flatMap(({ note }) => ("size" in note ? [note.size] : [])),
    [
      { run: "k3x9q2", index: 10, width: 64, height: 64 },
      { run: "k3x9q2", index: 20, width: 320, height: 100 },
    ],
  );
  await using film = await openRecording(path);
  assert.deepEqual([film.info.width, film.info.height], SIZES[0]);
  const widths = await Promise.all(
    (await collect(film.frames())).map(async ({ jpeg }) => (await decodeRgb(jpeg)).width),
  );
  assert.deepEqual([widths[9], widths[10], widths[29]], [161, 64, 320]);
  const entries = "-v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0";
  const { stdout } = await run("ffprobe", [...entries.split(" "), path]);
  assert.equal(Number(stdout), FRAMES);
});

for (const format of ["mp4", "webm"] as const) {
  test(`in ${format} frames of other sizes are fitted into the first one's, each at its time`, {
    timeout,
  }, async () => {
    const { path } = await record(await pictures());
    const { path: film, frames } = await exportRecording(path, { format });
    assert.equal(frames, FRAMES);
    const { ok, sentence } = await verifyRecording(film);
    assert.ok(ok, sentence);
    const entries = "-v error -show_entries frame=width,height -of csv=p=0";
    const { stdout } = await run("ffprobe", [...entries.split(" "), film]);
    const sizes = new Set(stdout.match(/^\d+,\d+/gm));
    assert.deepEqual([...sizes], ["162,122"], "one size, and an even one");
    const [whole, narrow, wide] = await Promise.all([5, 15, 25].map((n) => brightnessOf(film, n)));
    assert.ok(Math.min(...whole!) > 200, `${whole}`);
    assert.ok(
      narrow![0] > 200 && narrow![1] < 60 && narrow![2] > 200,
      `black at its sides: ${narrow}`,
    );
    assert.ok(wide![0] > 200 && wide![1] > 200 && wide![2] < 60, `black above: ${wide}`);
  });
}
