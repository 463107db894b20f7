import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { now } from "../../src/base/clock.ts";
import { startRecording } from "../../src/recording/write/continuous-recording.ts";
import { VideoRecorder } from "../../src/recording/write/video-recorder.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { newPath } from "./recordings.ts";

const timeout = TEST_MS;

/** A camera whose frames come over a socket, and say there when they were captured. */
async function remoteCamera(t: TestContext) {
  const stream = new MJPEGStream();
  const server = createServer((socket) => {
    socket.on("data", (data) => {
      for (const line of String(data).trim().split("\n")) {
        stream.addFrame(picture(stream.lastFrameIndex + 1), { capturedAt: Number(line) });
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1").setNoDelay();
  await once(socket, "connect");
  t.after(() => {
    socket.destroy();
    server.close();
  });
  return { stream, send: (capturedAt: number) => socket.write(`${capturedAt}\n`) };
}

/** Triggers a recorder. @returns how many frames the file has when it is closed. */
function recorded(recorder: VideoRecorder): Promise<number> {
  return new Promise((resolve) => {
    const onVideoFinished = (_: string, { written }: { written: number }) => resolve(written);
    void recorder.record({ maxDelaySec: 60, onVideoFinished });
  });
}

/** Nothing of this process is done for so long. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test("frames captured within a trigger's window are in its recording, though the process was blocked when they arrived", {
  timeout,
}, async (t) => {
  const { stream, send } = await remoteCamera(t);
  let time = now();
  const path = await newPath();
  const recorder = new VideoRecorder({
    camera: stream,
    clock: () => time,
    filenameGenerator: () => path,
    windowSizeSec: 0.1,
  });
  t.after(() => recorder.stop());
  const begun = time;
  stream.addFrame(picture(0), { capturedAt: begun });
  const closed = recorded(recorder);
  await setImmediate(); // timers that become due are served next, and only then what has arrived is read
  send(begun + 50);
  time = begun + 5000;
  block(400);
  assert.equal(await closed, 2);
});

test("another trigger ends no recording whose frames wait to be read", { timeout }, async (t) => {
  const stream = new MJPEGStream();
  let time = now();
  const paths = [await newPath(), await newPath()];
  const recorder = new VideoRecorder({
    camera: stream,
    clock: () => time,
    filenameGenerator: () => paths.shift() ?? "",
    windowSizeSec: 0.1,
  });
  t.after(() => recorder.stop());
  const begun = time;
  stream.addFrame(picture(0), { capturedAt: begun });
  const closed = recorded(recorder);
  time = begun + 5000;
  void recorder.record({ maxDelaySec: 60 });
  stream.addFrame(picture(1), { capturedAt: begun + 50 });
  assert.equal(await closed, 2);
});

test("frames captured before a recording is to stop are in it, though the process was blocked when they arrived", {
  timeout,
}, async (t) => {
  const { stream, send } = await remoteCamera(t);
  const recording = await startRecording({ camera: stream, path: await newPath() });
  const until = now();
  const stopped = recording.stop({ until });
  await setImmediate();
  send(until);
  block(1200);
  assert.equal((await stopped).written, 1);
});
