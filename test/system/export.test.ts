import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { logTo } from "thingscope";
import {
  exportRecording,
  repairRecording,
  startRecording,
  VideoRecorder,
  verifyRecording,
} from "thingscope/recording";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { runCli } from "../cli/run-cli.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { damage } from "../recording/damage.ts";
import { SteppedCamera } from "../recording/event-films.ts";
import { irregular } from "../recording/irregular.ts";
import { newPath, record, START } from "../recording/recordings.ts";
import { armed, recorderFor } from "../things/recorder-server.ts";

const timeout = TEST_MS;
const run = promisify(execFile);
const LIMIT_MS = { mp4: 0.1, webm: 1 };
const JPEG = await jpegOf(65, 49); // the codecs want even sizes

async function timesOf(path: string): Promise<number[]> {
  const args = "-v error -select_streams v:0 -show_entries packet=pts_time -of csv=p=0".split(" ");
  const { stdout } = await run("ffprobe", [...args, path]);
  return stdout
    .trim()
    .split("\n")
    .map((line) => 1000 * Number.parseFloat(line));
}

async function formatOf(path: string): Promise<{ start: number; duration: number }> {
  const { stdout } = await run("ffprobe", ["-v", "error", "-show_format", "-of", "json", path]);
  const { start_time, duration } = JSON.parse(stdout).format;
  return { start: Number(start_time), duration: Number(duration) };
}

for (const format of ["mp4", "webm"] as const) {
  test(`a hundred irregular times survive in ${format} to ${LIMIT_MS[format]} ms, from 0 on`, {
    timeout,
  }, async () => {
    const frames = irregular();
    const { path } = await record(frames, { timeZero: START });
    const told: number[] = [];
    const made = await exportRecording(path, { format, onProgress: (one) => told.push(one) });
    assert.equal(made.path, path.replace("mkv", format));
    assert.equal(told.at(-1), 1);
    const times = await timesOf(made.path);
    const errors = times.map((time, n) =>
      Math.abs(time - (frames[n]!.capturedAt - frames[0]!.capturedAt)),
    );
    console.log(`# ${format}: largest error ${Math.max(...errors).toFixed(3)} ms`);
    assert.equal(times.length, 100);
    assert.ok(Math.max(...errors) <= LIMIT_MS[format]);
    assert.equal((await formatOf(made.path)).start, 0);
    assert.ok((await verifyRecording(path)).ok, "the MKV is there as before");
    const again = exportRecording(path, { format });
    const twice = exportRecording(path, { format });
    await assert.rejects(twice, /is being exported\. Wait until the export has finished/);
    assert.equal(basename((await again).path), `film-2.${format}`);
    const odd = path.replace("film", "10:30 film");
    assert.equal((await exportRecording(path, { format, path: `${odd}.${format}` })).frames, 100);
  });
}

test("a recording in which the disk has changed a frame does not make way for a film of the rest", {
  timeout,
}, async () => {
  for (const [what, at, whole] of [
    ["a picture", 100, 99],
    ["the head of a block", -6, 100],
  ] as const) {
    const { path } = await record(irregular());
    const { frames } = (await readLedger(ledgerPathOf(path)))!;
    await damage(path, frames.at(50)!.offset + at, { flip: 4 });
    const before = await readFile(path);
    await assert.rejects(exportRecording(path, { format: "mp4", replace: true }), {
      code: "RECORDING_FAILED",
      message:
        /was not exported: .*it is damaged and cannot be replaced. Run: thingscope repair .* The MKV is kept\.$/,
    });
    assert.ok((await readFile(path)).equals(before), what);
    const there = ["film.ledger.jsonl", "film.mkv"];
    assert.deepEqual((await readdir(dirname(path))).sort(), there, what);
    await repairRecording(path);
    const { frames: left } = await exportRecording(path, { format: "mp4", replace: true });
    assert.equal(left, whole, what);
    const { ok, sentence } = await verifyRecording(path.replace(".mkv", ".mp4"));
    assert.ok(ok, sentence);
  }
});

test("the MKV goes only when the result has every frame; what is cut short is refused", {
  timeout,
}, async () => {
  const { path } = await record(irregular());
  const { path: made } = await exportRecording(path, { format: "mp4", replace: true });
  assert.deepEqual((await readdir(dirname(path))).sort(), ["film.ledger.jsonl", "film.mp4"]);
  const ledger = await readLedger(ledgerPathOf(made));
  assert.equal(ledger?.frames.length, 100);
  assert.deepEqual(ledger?.notes.at(-1)?.note, { exported: { file: "film.mp4", frames: 100 } });

  // An ffmpeg that loses the last picture.
  const second = await record(irregular());
  const bin = join(dirname(await newPath()), "bin");
  await mkdir(bin);
  const real = (await run("which", ["ffmpeg"])).stdout.trim();
  const script = [
    "#!/bin/sh",
    "n=$#; i=0",
    'for word; do i=$((i+1)); shift; [ $i -eq $n ] && set -- "$@" -frames:v 99; set -- "$@" "$word"; done',
    `exec ${real} "$@"`,
  ];
  await writeFile(join(bin, "ffmpeg"), script.join("\n"), { mode: 0o755 });
  const before = process.env.PATH;
  process.env.PATH = `${bin}:${before}`;
  try {
    const spoilt = exportRecording(second.path, { format: "mp4", replace: true });
    await assert.rejects(spoilt, { code: "RECORDING_FAILED", message: /The MKV is kept/ });
  } finally {
    process.env.PATH = before;
  }
  assert.deepEqual((await readdir(dirname(second.path))).sort(), ["film.ledger.jsonl", "film.mkv"]);
  assert.ok((await verifyRecording(second.path)).ok);
});

test("without ffmpeg a sentence says what to install, and with a signal nothing is left behind", {
  timeout,
}, async () => {
  const { path } = await record(irregular());
  const empty = dirname(await newPath());
  const node = join(empty, "node");
  await symlink(process.execPath, node);
  const main = new URL("../../src/cli/main.js", import.meta.url).pathname;
  const failed = await run(node, [main, "export", path], { env: { PATH: empty } }).then(
    () => undefined,
    (error) => error,
  );
  assert.equal(failed.code, 3);
  assert.match(
    failed.stderr,
    /stays an MKV: The program 'ffmpeg' is not installed.*apt-get install/,
  );
  const stopped = new AbortController();
  const exporting = exportRecording(path, { format: "webm", signal: stopped.signal });
  stopped.abort();
  await assert.rejects(exporting, { name: "AbortError" });
  assert.deepEqual((await readdir(dirname(path))).sort(), ["film.ledger.jsonl", "film.mkv"]);
});

test("the command line exports, and prints the ledger as CSV and JSON", { timeout }, async () => {
  const { path } = await record(irregular());
  const folder = dirname(path);
  const made = await runCli(folder, "export", "film.mkv", "--format", "webm", "-o", "out.webm");
  assert.equal(made.code, 0, made.stderr);
  const { file, frames, largest_error_ms } = JSON.parse(made.stdout);
  assert.deepEqual([file, frames], ["out.webm", 100]);
  assert.ok(largest_error_ms <= 1);
  const csv = await runCli(folder, "export", "film.mkv", "--format", "csv");
  assert.equal(csv.stdout.trim().split("\r\n").length, 101);
  const json = await runCli(folder, "export", "film.mkv", "--format", "json");
  assert.equal(JSON.parse(json.stdout).frames.length, 100);
  assert.equal((await runCli(folder, "export", "no.mkv")).code, 2);
});

test("while it is recorded: an event starts at 0, as an MKV and on request at its stream time", {
  timeout,
}, async () => {
  for (const [format, keepStart] of [
    ["mkv", false],
    ["mp4", false],
    ["mp4", true],
    ["webm", false],
  ] as const) {
    const camera = new SteppedCamera(() => JPEG);
    const path = await newPath(`film.${format}`);
    const ended: string[] = [];
    const recorder = new VideoRecorder({
      camera: camera.stream,
      clock: camera.clock,
      filenameGenerator: () => path,
      windowSizeSec: 2,
      keepStart,
    });
    camera.playTo(3);
    await recorder.record({ maxDelaySec: 10, onVideoFinished: (one) => ended.push(one) });
    camera.playTo(4);
    await recorder.record({ maxDelaySec: 10, onVideoFinished: (one) => ended.push(one) });
    camera.playTo(9);
    await recorder.stop();
    while (ended.length === 0) await sleep(20);
    assert.deepEqual(ended, [path]);
    const { start, duration } = await formatOf(path);
    const wanted = format === "mkv" || keepStart ? 1 : 0;
    assert.ok(Math.abs(start - wanted) < 0.066, `${format} starts at ${start}`);
    assert.ok(
      Math.abs(duration - start - 5) < 0.066 || Math.abs(duration - 5) < 0.066,
      `${duration}`,
    );
    const names = (await readdir(dirname(path))).sort();
    assert.deepEqual(names, ["film.ledger.jsonl", `film.${format}`]);
  }
});

test("continuous recording makes an MP4 of each split while it goes on", { timeout }, async () => {
  const camera = new SteppedCamera(() => JPEG);
  const recording = await startRecording({
    camera: camera.stream,
    path: await newPath("nest.mp4"),
    splitSec: 2,
  });
  for (let second = 1; second <= 5; second++) {
    camera.playTo(second);
    while (recording.queuedBytes > 0) await sleep(10);
  }
  const fractions: number[] = [];
  const { files, written } = await recording.stop({ onProgress: (one) => fractions.push(one) });
  assert.equal(written, 151);
  assert.deepEqual(
    files.map(({ path }) => basename(path)),
    ["nest-00.mp4", "nest-01.mp4", "nest-02.mp4"],
  );
  let frames = 0;
  for (const { path } of files) {
    assert.equal((await formatOf(path)).start, 0);
    frames += (await timesOf(path)).length;
  }
  assert.equal(frames, 151);
  assert.equal(fractions.at(-1), 1);
});

test("a recorder over HTTP exports on request, and makes its own format of every recording", {
  timeout,
}, async (t) => {
  const { recorder, client } = await recorderFor(t);
  await armed(recorder);
  const thing = await client();
  await thing.invoke("start_recording", { name: "film" });
  await sleep(400);
  await thing.invoke("stop_recording");
  const [{ id }] = (await thing.read("recordings")) as [{ id: string }];
  const input = { id, format: "mp4", replace: true };
  const made = (await thing.invoke("export", input)) as Record<string, unknown>;
  assert.deepEqual([made.name, made.type], ["film.mp4", "video/mp4"]);
  assert.equal(recorder.recordings.length, 1);
  await assert.rejects(thing.invoke("export", { ...input, id: made.id }), /is not an MKV/);

  const lines: string[] = [];
  const log = logTo((_, message) => lines.push(message));
  const own = await recorderFor(t, { format: "webm" }, { log });
  await armed(own.recorder);
  const finished = new Promise<string>((resolve) =>
    own.recorder.recording_finished.on(({ name }) => resolve(name)),
  );
  const begun = (await (await own.client()).invoke("record", { max_delay: 30 })) as Record<
    string,
    unknown
  >;
  assert.match(String(begun.name), /\.mkv$/, "of which it is made");
  assert.match(await finished, /\.webm$/, lines.join("\n"));
  assert.deepEqual(
    own.recorder.recordings.map(({ type }) => type),
    ["video/webm"],
  );
});
