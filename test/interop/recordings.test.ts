import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, copyFile, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { before, describe, test } from "node:test";
import { promisify } from "node:util";
import type { Frame } from "thingscope";
import { exportRecording, openRecording, repairRecording } from "thingscope/recording";
import { packagePath } from "../../src/base/package-root.ts";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { MatroskaMjpeg } from "../../src/recording/matroska/matroska-mjpeg.ts";
import { blocksOf, pageText } from "../docs/page.ts";
import { withOrientation } from "../frames/jpegs.ts";
import { coded } from "../frames/quarters.ts";
import { TEST_MS, WAIT_MS } from "../limits.ts";
import { collect, newPath, record, START } from "../recording/recordings.ts";
import { openPage } from "../system/chromium.ts";
import { command, python } from "./programs.ts";

const timeout = TEST_MS;
const run = promisify(execFile);
const FRAMES = 31;

/** A film, and what each program is to find in it. */
interface Film {
  readonly path: string;
  /** From the first frame to the last, s. */
  readonly span: number;
  readonly isUpright: boolean;
  readonly isClosed: boolean;
}

/** When frame `n` was captured, ms. */
const SOURCES = {
  regular: (n: number) => (n * 1000) / 30,
  irregular: (n: number) => n * 40 + ((n * 7919) % 31),
} as const;

const films: Film[] = [];
let closed = "";

before(async () => {
  // Of a camera that lies on its side: 64 x 128 as it is shown.
  const picture = withOrientation(await coded(), 6);
  for (const [name, timeOf] of Object.entries(SOURCES)) {
    const frames = Array.from({ length: FRAMES }, (_, index) => {
      const identity = { run: "k3x9q2", index, capturedAt: START + timeOf(index) };
      return storeFrame(picture, identity).frame;
    });
    const span = (timeOf(FRAMES - 1) - timeOf(0)) / 1000;
    const { path } = await record(frames, { path: await newPath(`${name}.mkv`) });
    if (name === "regular") closed = path;
    films.push({ path, span, isUpright: false, isClosed: true });
    for (const format of ["mp4", "webm"] as const) {
      const made = await exportRecording(path, { format });
      films.push({ path: made.path, span, isUpright: true, isClosed: true });
    }
    const torn = await unclosed(`${name}-not-closed.mkv`, frames, (FRAMES - 1) / span);
    films.push({ path: torn, span, isUpright: false, isClosed: false });
    const repaired = join(dirname(torn), `${name}-repaired.mkv`);
    await copyFile(torn, repaired);
    await repairRecording(repaired);
    films.push({ path: repaired, span, isUpright: false, isClosed: true });
  }
});

/** What a recorder that was killed leaves. */
async function unclosed(name: string, frames: readonly Frame[], rate: number): Promise<string> {
  const { width, height } = frames[0]!;
  const about = { width, height, timeZero: START, software: "thingscope", rate };
  const mkv = new MatroskaMjpeg({ ...about, tags: { ORIENTATION: "6" } });
  const pieces: Uint8Array[] = [mkv.head];
  for (const frame of frames) pieces.push(...mkv.place(frame).pieces);
  const path = await newPath(name);
  await writeFile(path, Buffer.concat(pieces));
  return path;
}

const sizeOf = ({ isUpright }: Film) => (isUpright ? [64, 128] : [128, 64]);

function assertNear(found: number, expected: number, off: number, what: string): void {
  assert.ok(Math.abs(found - expected) <= off, `${what}: ${found}, not ${expected}`);
}

describe("other people's programs find in a film what was recorded", () => {
  test("ffprobe", { timeout }, async () => {
    for (const film of films) {
      const entries = "stream=nb_read_frames,avg_frame_rate,width,height:format=duration";
      const args = ["-v", "error", "-count_frames", "-show_entries", entries, "-of", "json"];
      const { stdout } = await run("ffprobe", [...args, film.path]);
      const { streams, format } = JSON.parse(stdout);
      const [stream] = streams;
      assert.equal(Number(stream.nb_read_frames), FRAMES, film.path);
      assert.deepEqual([stream.width, stream.height], sizeOf(film), film.path);
      const [over, under] = stream.avg_frame_rate.split("/").map(Number);
      assertRate(over / under, film);
      if (film.isClosed) assertDuration(Number(format.duration), film);
    }
  });

  test("OpenCV and PyAV", { timeout }, async () => {
    const script = packagePath("test", "interop", "read_films.py");
    const { stdout } = await run(python(), [script, ...films.map(({ path }) => path)]);
    const found = stdout.trim().split("\n");
    assert.equal(found.length, films.length);
    for (const [n, film] of films.entries()) {
      const { opencv, pyav } = JSON.parse(found[n]!);
      for (const program of [opencv, pyav]) {
        assert.equal(program.frames, FRAMES, film.path);
        assert.deepEqual(program.size, sizeOf(film), film.path);
        assertRate(program.rate, film);
        assertNear(program.last, film.span, 0.0011, `last frame of ${film.path}`);
      }
      if (!film.isClosed) continue;
      assertNear(opencv.told, FRAMES, 1, film.path); // it multiplies rate and duration
      assertDuration(pyav.duration, film);
    }
  });

  test("mkvmerge", { timeout }, async () => {
    for (const film of films) {
      const { stdout } = await run(command("mkvmerge"), ["-J", film.path]);
      const { container, tracks, warnings, errors } = JSON.parse(stdout);
      assert.deepEqual([warnings, errors], [[], []], film.path);
      assert.equal(tracks[0].properties.pixel_dimensions, sizeOf(film).join("x"), film.path);
      const { duration } = container.properties;
      if (film.isClosed && duration) assertDuration(duration / 1e9, film);
      const { default_duration: period } = tracks[0].properties;
      if (period) assertRate(1e9 / period, film);
      const copy = await newPath("copy.mkv");
      await run(command("mkvmerge"), ["-q", "-o", copy, film.path]);
      assert.equal(await packetsIn(copy), FRAMES, film.path);
    }
  });

  test("VLC", { timeout }, async () => {
    for (const film of films) {
      const folder = dirname(await newPath());
      const copy = join(folder, "copy.avi");
      const sink = `#std{access=file,mux=avi,dst=${copy}}`;
      const args = ["-q", "--no-audio", "--play-and-exit", film.path, "--sout", sink];
      await asAnybody(command("cvlc"), args, [folder, dirname(film.path)]);
      // It ends with the last frame or two still in its hands.
      assertNear(await packetsIn(copy), FRAMES - 1, 1, film.path);
    }
  });

  test("Chromium", { timeout }, async (t) => {
    const playable = films.filter(({ path }) => !path.endsWith(".mkv"));
    const server = createServer(async (request, response) => {
      const film = playable[Number(request.url?.slice(1))];
      if (!film) return response.end("<body></body>");
      const type = `video/${film.path.split(".").at(-1)}`;
      response.writeHead(200, { "content-type": type }).end(await readFile(film.path));
    }).listen(0, "127.0.0.1");
    t.after(() => server.close());
    const { page } = await openPage(t);
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const play = `async (n) => {
      const video = document.body.appendChild(document.createElement("video"));
      video.muted = true;
      video.src = "/" + n;
      await video.play();
      if (!video.ended) await new Promise((resolve) => { video.onended = resolve; });
      const frames = video.getVideoPlaybackQuality().totalVideoFrames;
      return { duration: video.duration, width: video.videoWidth, height: video.videoHeight, frames };
    }`;
    const all = JSON.stringify([...playable.keys()]);
    const played: Played[] = await page.evaluate(`Promise.all(${all}.map(${play}))`);
    for (const [n, film] of playable.entries()) {
      const { duration, width, height, frames } = played[n]!;
      assertDuration(duration, film);
      assert.deepEqual([width, height], sizeOf(film), film.path);
      assert.equal(frames, FRAMES, film.path);
    }
  });
});

test("docs/recordings.md: its Python reads each frame, upright, with the time of the ledger", {
  timeout,
}, async () => {
  const [frames = "", clip = ""] = blocksOf(pageText("recordings.md"))
    .filter(({ language }) => language === "python")
    .map(({ text }) => text);
  await using recording = await openRecording(closed);
  const expected = (await collect(recording.frames())).map(({ run, index, capturedAt, jpeg }) => {
    const { width, height } = inspectJpeg(jpeg);
    return `${run} ${index} ${capturedAt} ${width}x${height}`;
  });
  const folder = dirname(ledgerPathOf(closed));
  await writeFile(join(folder, "frames.py"), frames);
  await writeFile(join(folder, "clip.py"), clip);
  for (const end of [".mkv", ".mp4", ".webm"]) {
    const film = closed.replace(".mkv", end);
    const { stdout } = await run(python(), [join(folder, "frames.py"), film]);
    const lines = stdout.trim().split("\n");
    assert.deepEqual(
      lines.map((line) => line.split(" ").slice(0, 4).join(" ")),
      expected.map((line) => line),
      end,
    );
    const { stdout: shown } = await run(python(), [join(folder, "clip.py"), film]);
    assert.equal(shown.trim().split("\n").length, 1 + FRAMES, end);
  }
});

interface Played {
  readonly duration: number;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
}

function assertRate(found: number, film: Film): void {
  const rate = (FRAMES - 1) / film.span;
  assertNear(found, rate, rate / 500, `rate of ${film.path}`);
}

/** The last frame lasts for a period, or for as long as the one before. */
function assertDuration(found: number, film: Film): void {
  const period = film.span / (FRAMES - 1);
  assertNear(found, film.span + period, period, `duration of ${film.path}`);
}

async function packetsIn(path: string): Promise<number> {
  const args = "-v error -count_packets -show_entries stream=nb_read_packets -of csv=p=0";
  const { stdout } = await run("ffprobe", [...args.split(" "), path]);
  return Number.parseInt(stdout, 10);
}

/** VLC refuses to be run by root. */
async function asAnybody(program: string, args: string[], folders: string[]): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    const all = folders.flatMap((folder) => [folder, dirname(folder)]);
    for (const folder of all) await chmod(folder, 0o777);
  }
  const other = isRoot ? { uid: 65534, gid: 65534 } : {};
  const env = { ...process.env, HOME: folders[0] };
  await run(program, args, { ...other, env, timeout: WAIT_MS });
}
