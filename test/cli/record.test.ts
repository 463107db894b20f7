import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openRecording, verifyRecording } from "thingscope/recording";
import { now } from "../../src/base/clock.ts";
import { packagePath } from "../../src/base/package-root.ts";
import type { ClientIo } from "../../src/cli/client-output.ts";
import { record } from "../../src/cli/record.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { collect } from "../recording/recordings.ts";
import { serverFor } from "../server/requests.ts";
import { serveStream } from "../streams/stream-server.ts";
import { folderFor, recorderFor } from "../things/recorder-server.ts";
import { runCli } from "./run-cli.ts";
import { Terminal } from "./terminal.ts";

const timeout = TEST_MS;

interface Told {
  file: string;
  frames: number;
  seconds: number;
  dropped: number;
  refused: number;
  ended: string;
}

/** An MJPEG server that gives its frames no identity: 20 a second, and now and then one that is no JPEG. */
async function foreignServer(t: TestContext) {
  const jpeg = await jpegOf(64, 48);
  return serverFor(t, (request, response) => {
    if (request.url !== "/?action=stream") {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=--here" });
    let count = 0;
    const timer = setInterval(() => {
      count += 1;
      const body = count % 10 === 0 ? Buffer.concat([jpeg.subarray(0, 99)]) : jpeg;
      response.write(
        `--here\r\nContent-Type: image/jpeg\r\nContent-Length: ${body.length}\r\n\r\n`,
      );
      response.write(body);
      response.write("\r\n");
    }, 50);
    response.on("close", () => clearInterval(timer));
  });
}

test("a stream of ours is recorded with the server's identities, and a line of JSON tells how it went", {
  timeout,
}, async (t) => {
  const { url, camera } = await recorderFor(t);
  const folder = await folderFor(t);
  const ran = await runCli(
    folder,
    "record",
    `${url}/camera/`,
    "--seconds",
    "1.5",
    "--out",
    "films",
  );
  assert.equal(ran.code, 0, ran.stderr);
  const told: Told = JSON.parse(ran.stdout);
  assert.match(told.file, /^films\/camera-mjpeg_stream_\d{8}T\d{6}Z\.mkv$/);
  assert.deepEqual([told.ended, told.dropped, told.refused], ["stopped", 0, 0]);
  assert.ok(told.seconds > 0.5 && told.seconds <= 1.5, ran.stdout);
  const path = `${folder}/${told.file}`;
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
  await using film = await openRecording(path);
  const frames = await collect(film.frames());
  assert.equal(frames.length, told.frames);
  assert.ok(frames.every(({ run }) => run === camera.mjpeg_stream.run));
  for (const { index, capturedAt } of frames) {
    const sent = camera.mjpeg_stream.sizes;
    const entry = sent.at(sent.positionOf(camera.mjpeg_stream.run, index!)!);
    // The header has microseconds.
    assert.ok(Math.abs(entry!.capturedAt - capturedAt) < 0.002);
  }
});

test("any other MJPEG server is recorded, what is no JPEG is counted, and people see a bar", {
  timeout,
}, async (t) => {
  const { port } = await foreignServer(t);
  const folder = await folderFor(t);
  const [out, err] = [new Terminal(), new Terminal()];
  const { signal } = new AbortController();
  const io: ClientIo = { out, err, signal, json: false };
  const target = { url: `127.0.0.1:${port}/?action=stream`, credentials: undefined };
  await record(io, target, { seconds: 1.2, out: folder, name: "yard" });
  assert.match(out.text, /yard\.mkv: \d+ frames over \d\.\d s, none was lost\.\n$/);
  assert.match(err.text, /\[#+\.*\] +\d+ % +\d\.\d s, \d+ frames/);
  const { ok, sentence, frames } = await verifyRecording(`${folder}/yard.mkv`);
  assert.ok(ok, sentence);
  assert.ok(frames >= 5, sentence);
});

test("a camera whose clock is set back and forth is recorded as long as was asked, each frame at its time", {
  timeout,
}, async (t) => {
  const jpeg = await jpegOf(64, 48);
  const { port } = await serverFor(t, (_request, response) => {
    response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=here" });
    let count = 0;
    const timer = setInterval(() => {
      count += 1;
      const setBy = count < 8 ? 0 : count < 16 ? -0.7 : count < 24 ? -3600 : 3600;
      const time = Date.now() / 1000 + setBy;
      response.write(
        `--here\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\nX-Timestamp: ${time}\r\n\r\n`,
      );
      response.write(jpeg);
      response.write("\r\n");
    }, 50);
    response.on("close", () => clearInterval(timer));
  });
  const folder = await folderFor(t);
  const out = new Terminal();
  const io: ClientIo = { out, err: out, signal: new AbortController().signal, json: true };
  const target = { url: `http://127.0.0.1:${port}/`, credentials: undefined };
  await record(io, target, { seconds: 2, out: folder, name: "set" });
  const { seconds, rate, longest_gap } = JSON.parse(out.text);
  assert.ok(seconds > 1 && seconds <= 2, out.text);
  assert.ok(rate > 0 && longest_gap < 1, out.text);
  const path = `${folder}/set.mkv`;
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
  await using film = await openRecording(path);
  assert.deepEqual(
    film.summary!.clockSteps.map((ms) => Math.round(ms / 100)),
    [-7, -35_993, 72_000],
  );
});

test("a camera of ours whose clock is set is recorded with the step, which verify tells", {
  timeout,
}, async (t) => {
  const jpeg = await jpegOf(64, 48);
  const stream = new MJPEGStream();
  const { url } = await serveStream(t, stream);
  let count = 0;
  const timer = setInterval(() => {
    count += 1;
    const setBy = count < 10 ? -500 : count < 20 ? -3_600_500 : -1500; // ms
    stream.addFrame(jpeg, { capturedAt: now() + setBy });
  }, 40);
  t.after(() => clearInterval(timer));
  const folder = await folderFor(t);
  const out = new Terminal();
  const enough = new AbortController();
  const io: ClientIo = { out, err: out, signal: enough.signal, json: true };
  const target = { url, credentials: undefined };
  const recording = record(io, target, { out: folder, name: "ours" });
  const ledger = () => readFile(`${folder}/ours.ledger.jsonl`, "utf8").catch(() => "");
  while ((await ledger()).split("clockStep").length < 3) await sleep(20);
  enough.abort();
  await recording;
  const { clock_steps, seconds } = JSON.parse(out.text);
  assert.deepEqual(clock_steps.map(Math.round), [-3600, 3599]);
  assert.ok(seconds < 1000, out.text);
  const { ok, sentence } = await verifyRecording(`${folder}/ours.mkv`);
  assert.ok(ok, sentence);
  assert.match(sentence, /a clock was set 2 times, by -3600\.\d s, 359\d\.\d s/);
});

test("Ctrl-C ends the recording in order", { timeout }, async (t) => {
  const { url } = await recorderFor(t);
  const folder = await folderFor(t);
  for (const [args, code] of [
    [[], 0],
    [["--seconds", "50"], 130],
  ] as const) {
    const name = `ended${code}`;
    const main = packagePath("dist", "src", "cli", "main.js");
    const command = ["record", `${url}/camera/lores_mjpeg_stream`, "--name", name, ...args];
    const child = spawn(process.execPath, [main, ...command], { cwd: folder });
    const ended = once(child, "close");
    const told = text(child.stdout);
    while (!(await readdir(folder)).includes(`${name}.mkv`)) await sleep(20);
    while ((await verifyRecording(`${folder}/${name}.mkv`)).frames <= 5) await sleep(20);
    child.kill("SIGINT");
    assert.equal((await ended)[0], code);
    const { file, frames }: Told = JSON.parse(await told);
    assert.ok(frames > 5);
    assert.ok((await verifyRecording(`${folder}/${file}`)).ok);
  }
});

test("what cannot be recorded is told in a sentence, and leaves no file", {
  timeout,
}, async (t) => {
  const { port } = await foreignServer(t);
  const { url } = await recorderFor(t);
  const folder = await folderFor(t);
  for (const [address, more, code, sentence] of [
    ["http://127.0.0.1:1/", [], 3, /127\.0\.0\.1:1/],
    [`http://127.0.0.1:${port}/nothing`, [], 2, /404/],
    [`${url}/health`, [], 3, /not an MJPEG stream/],
    [`${url}/camera/`, ["--stream", "other"], 2, /no stream 'other'.*mjpeg_stream/],
    [`${url}/camera/`, ["--seconds", "never"], 2, /number of seconds/],
  ] as const) {
    const ran = await runCli(folder, "record", address, ...more);
    assert.equal(ran.code, code, `${address}: ${ran.stderr}`);
    assert.match(ran.stderr, sentence);
    assert.equal(ran.stdout, "");
  }
  assert.deepEqual(await readdir(folder), []);
});

test("a folder that is removed while it is recorded to is told of, and the exit code is not 0", {
  timeout,
}, async (t) => {
  const { url } = await recorderFor(t);
  const folder = await folderFor(t);
  const out = join(folder, "films");
  const stream = `${url}/camera/mjpeg_stream`;
  const running = runCli(folder, "record", stream, "--seconds", "60", "--out", out, "--json");
  while ((await readdir(out).catch(() => [])).length < 2) await sleep(20);
  await rm(out, { recursive: true });
  const { code, stdout } = await running;
  const { frames, ended } = JSON.parse(stdout);
  assert.equal(code, 1);
  assert.deepEqual({ frames, ended }, { frames: 0, ended: "its folder was removed" });
});

test("a recording that is ended before its first frame is not said to exist, and its wait is shown", {
  timeout,
}, async (t) => {
  const folder = await folderFor(t);
  const ending = new AbortController();
  const terminal = new Terminal();
  const { port } = await serverFor(t, (_, response) => {
    response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=b" });
    response.write("--b\r\n");
  });
  const waiting = setInterval(() => {
    if (terminal.text.includes("waiting for the first frame")) ending.abort();
  }, 10);
  t.after(() => clearInterval(waiting));
  const before = process.exitCode;
  const io: ClientIo = { out: terminal, err: terminal, signal: ending.signal, json: false };
  await record(
    io,
    { url: `http://127.0.0.1:${port}/stream`, credentials: undefined },
    { out: folder },
  );
  const code = process.exitCode;
  process.exitCode = before;
  assert.equal(code, 130);
  assert.match(terminal.text, /Cancelled before the first frame came: there is no recording\./);
  assert.doesNotMatch(terminal.text, /\.mkv|0 frames/);
  assert.deepEqual(await readdir(folder), []);
});
