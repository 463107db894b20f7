import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import type { Frame } from "thingscope";
import { decodeRgb } from "thingscope/frames";
import { exportRecording, openRecording, verifyRecording } from "thingscope/recording";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { posterOf } from "../../src/recording/files/posters.ts";
import { jpegCorpus, type Sample } from "../frames/jpeg-corpus.ts";
import { withOrientation } from "../frames/jpegs.ts";
import { coded, cornersOf, type Rgb } from "../frames/quarters.ts";
import { TEST_MS } from "../limits.ts";
import { record, START } from "../recording/recordings.ts";

const timeout = TEST_MS;
const run = promisify(execFile);

function sizeOf(jpeg: Uint8Array): string {
  try {
    const { width, height } = inspectJpeg(jpeg);
    return `${width} x ${height}`;
  } catch {
    return "refused";
  }
}

function framesOf(jpegs: readonly Uint8Array[]): Frame[] {
  return jpegs.map((jpeg, index) => {
    const identity = { run: "k3x9q2", index, capturedAt: START + index * 40 };
    return storeFrame(jpeg, identity).frame;
  });
}

/** The middles of the quarters of each picture of a film. */
async function cornersIn(film: string): Promise<Rgb[][]> {
  const small = "scale=4:4:flags=area,format=rgb24";
  const args = ["-v", "error", "-i", film, "-fps_mode", "passthrough", "-vf", small];
  const { stdout } = await run("ffmpeg", [...args, "-f", "rawvideo", "pipe:1"], {
    encoding: "buffer",
    maxBuffer: 2 ** 24,
  });
  return Array.from({ length: stdout.length / 48 }, (_, n) =>
    [0, 3, 12, 15].map((pixel) => {
      const at = 48 * n + 3 * pixel;
      return [stdout[at]!, stdout[at + 1]!, stdout[at + 2]!] as const;
    }),
  );
}

/** Pictures of one strip, of whose damage libjpeg is not heard in time. */
const DAMAGED = ["one is missing", "all are missing", "the interval is too short"];

async function isWhole({ name, jpeg }: Sample): Promise<boolean> {
  if (DAMAGED.some((end) => name.endsWith(end))) return false;
  return decodeRgb(jpeg).then(
    () => true,
    () => false,
  );
}

const isNear = (a: readonly Rgb[], b: readonly Rgb[]) =>
  a.every((rgb, n) => rgb.every((value, k) => Math.abs(value - b[n]![k]!) <= 40));

for (const [size, format] of [
  ["128 x 64", "mp4"],
  ["64 x 128", "webm"],
] as const) {
  test(`each frame of ${size} that is accepted is in its ${format}, and shows what it shows in a browser`, {
    timeout,
  }, async () => {
    const samples = (await jpegCorpus()).filter(({ jpeg }) => sizeOf(jpeg) === size);
    assert.ok(samples.length >= 10, `${samples.length}`);
    const { path } = await record(framesOf(samples.map(({ jpeg }) => jpeg)));
    const { path: film, frames } = await exportRecording(path, { format });
    assert.equal(frames, samples.length);
    const { ok, sentence } = await verifyRecording(film);
    assert.ok(ok, sentence);
    const shown = await cornersIn(film);
    assert.equal(shown.length, samples.length);
    const wrong: string[] = [];
    for (const [n, sample] of samples.entries()) {
      const expected = await cornersOf(sample.jpeg);
      if (isNear(shown[n]!, expected) || !(await isWhole(sample))) continue;
      wrong.push(`${sample.name}: ${JSON.stringify(shown[n])}, not ${JSON.stringify(expected)}`);
    }
    assert.deepEqual(wrong, []);
  });
}

test("a camera that is turned while it is recorded changes its size: all pictures of its film are upright", {
  timeout,
}, async () => {
  const picture = await coded();
  const orientations = [6, 6, 1, 3, 8, 7, 2, 4, 5];
  const { path } = await record(framesOf(orientations.map((n) => withOrientation(picture, n))));
  await using recording = await openRecording(path);
  assert.deepEqual([recording.info.width, recording.info.height], [64, 128]);
  const poster = await posterOf(path);
  assert.equal(sizeOf(poster), "64 x 128");
  const formats = process.env.THINGSCOPE_LONG ? (["mp4", "webm"] as const) : (["mp4"] as const);
  for (const format of formats) {
    const { path: film } = await exportRecording(path, { format });
    const entries = "-v error -show_entries stream=width,height -of csv=p=0";
    const { stdout } = await run("ffprobe", [...entries.split(" "), film]);
    assert.match(stdout, /^64,128/);
    const upright = await cornersOf(withOrientation(picture, 6));
    const shown = await cornersIn(film);
    for (const n of [0, 1]) assert.ok(isNear(shown[n]!, upright), JSON.stringify(shown[n]));
    const fitted = await fittedIn(film);
    for (const [n, orientation] of orientations.entries()) {
      const expected = await cornersOf(withOrientation(picture, orientation));
      const found = fitted[n]![orientation < 5 ? "wide" : "high"];
      assert.ok(isNear(found, expected), `${format}, ${orientation}: ${JSON.stringify(found)}`);
    }
    assert.ok(isNear(await cornersOf(await posterOf(film)), upright));
  }
});

/** Of each picture of a film of 64 x 128 the corners of what fills it, and of what is as wide and a quarter as high. */
async function fittedIn(film: string): Promise<{ high: Rgb[]; wide: Rgb[] }[]> {
  const args = ["-v", "error", "-i", film, "-fps_mode", "passthrough", "-vf", "format=rgb24"];
  const { stdout } = await run("ffmpeg", [...args, "-f", "rawvideo", "pipe:1"], {
    encoding: "buffer",
    maxBuffer: 2 ** 24,
  });
  const bytes = 3 * 64 * 128;
  return Array.from({ length: stdout.length / bytes }, (_, n) => {
    const at = (x: number, y: number): Rgb => {
      const pixel = n * bytes + 3 * (y * 64 + x);
      return [stdout[pixel]!, stdout[pixel + 1]!, stdout[pixel + 2]!];
    };
    const corners = (top: number, bottom: number) =>
      [top, bottom].flatMap((y) => [16, 48].map((x) => at(x, y)));
    return { high: corners(32, 96), wide: corners(56, 72) };
  });
}
