// Cameras that are recorded: `node ours.js FILM FRAME_BYTES FOLDER CAMERAS FPS SECONDS [compared]` replays a film on each,
// serves and records them, and prints the streams' addresses when it is warm. Then it prints what that took, as JSON.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { logTo, MJPEGStream, stream, Thing, ThingHost, ThingServer } from "../../src/index.ts";
import { type ContinuousSummary, startRecording } from "../../src/recording.ts";
import { padded, stamp } from "../frames.ts";
import { checkFilm } from "./check.ts";
import { stampedPicture } from "./pixel-stamp.ts";

/**
 * Small pictures, so that what runs for each frame is compiled before the clock starts, and the disk has little to do. With a fifth
 * as many, V8 was compiling 40 functions while the clock ran, on threads of this process: a tenth of what was measured.
 */
const RUN_IN = { recordings: 8, fps: 500, seconds: 0.5, frameBytes: 8000 };

class FilmCamera extends Thing {
  @stream("A film, each frame stamped when it enters the stream")
  readonly live = new MJPEGStream();
}

const [filmPath = "", ...rest] = process.argv.slice(2);
const [frameBytes = 0, , cameraCount = 0, fps = 0, seconds = 0] = rest.map(Number);
const folder = rest[1] ?? "";
/** For how long the same frames are played without being recorded, half of it before, half after. */
const comparedSeconds = rest[5] === "compared" ? seconds : 0;
const film = readFileSync(filmPath);
const pictures = Array.from({ length: film.length / frameBytes }, (_, n) =>
  film.subarray(n * frameBytes, (n + 1) * frameBytes),
);
const cameras = Array.from({ length: cameraCount }, () => new FilmCamera());
const log = logTo((level, message) => console.error(`${level}: ${message}`));
const host = new ThingHost({ log });
for (const [n, camera] of cameras.entries()) host.add(`camera${n}`, camera);
const { url } = await new ThingServer(host).listen({ port: 0 });

await runIn();
console.log(cameras.map((_, n) => `${url}/camera${n}/live`).join(" "));
let captureCpu = await cpuOf(() => play(pictures, fps, comparedSeconds / 2));
let summaries: ContinuousSummary[] = [];
const cpu = await cpuOf(async () => {
  summaries = await record("film", seconds);
});
captureCpu += await cpuOf(() => play(pictures, fps, comparedSeconds / 2));
let [bytes, lost, decoded] = [0, 0, 0];
for (const { captured, written, files } of summaries) {
  lost += captured - written;
  for (const { path, summary } of files) {
    bytes += summary.bytes;
    decoded += await checkFilm(path, film.length / frameBytes);
  }
}
const gigabytes = bytes / 1e9;
const result = {
  ...{ cpu, bytes, lost, decoded, frames: cameraCount * fps * seconds },
  ...(comparedSeconds > 0 && { cpu_per_gb: (cpu - captureCpu) / gigabytes }),
  cpu_per_gb_with_capture: cpu / gigabytes,
};
console.log(JSON.stringify(result));
process.exit(0);

async function runIn(): Promise<void> {
  const { recordings, fps: rate, seconds: duration, frameBytes: bytes } = RUN_IN;
  const small = padded(await stampedPicture(0, 640, 480, 10), bytes);
  for (let n = 0; n < recordings; n++) {
    await recordWhile(`run-in-${n}`, () => play([small], rate, duration));
  }
}

/** Records the film for so many seconds from each camera. */
function record(name: string, duration: number): Promise<ContinuousSummary[]> {
  return recordWhile(name, () => play(pictures, fps, duration));
}

async function recordWhile(name: string, work: () => Promise<void>): Promise<ContinuousSummary[]> {
  const recordings = await Promise.all(
    cameras.map(({ live }, n) =>
      startRecording({ camera: live, path: join(folder, `${name}-${n}.mkv`), log }),
    ),
  );
  await work();
  return Promise.all(recordings.map((recording) => recording.stop()));
}

/** Gives each camera so many frames a second, without drift. */
async function play(frames: readonly Uint8Array[], rate: number, duration: number): Promise<void> {
  const start = performance.now();
  const turns = Math.round(rate * duration);
  for (let turn = 0; turn < turns; turn++) {
    await after(Math.max(0, start + (turn * 1000) / rate - performance.now()));
    const frame = frames[turn % frames.length]!;
    for (const { live } of cameras) {
      stamp(frame, turn);
      live.addFrame(frame);
    }
  }
}

/** CPU seconds of this process, all threads, while something is done. */
async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
