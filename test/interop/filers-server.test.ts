import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { ThingHost } from "thingscope";
import { FilersCamera, RemoteVideoPlayer } from "thingscope/filers";
import { TEST_MS } from "../limits.ts";
import { eventually } from "../streams/watching.ts";
import { folderFor } from "../things/recorder-server.ts";
import { startPython } from "./python-program.ts";

/** Each kind of format once: packed, grey, planar of both ranges, half planar, YUV in one plane. */
const FORMATS = ["rgb24", "bgr24", "gray", "yuv420p", "yuvj422p", "nv12", "yuyv422", "gray16le"];

/** Filers' own server on a free port. */
async function filersItself(t: TestContext) {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  const { child, lines, ended } = startPython(t, "filers_server.py", String(port));
  await eventually(() => lines.includes("ready"));
  return { port, lines, ended, tell: (words: string) => child.stdin.write(`${words}\n`) };
}

test("our player has the very bytes that Filers' own server sends, in each format", {
  timeout: TEST_MS,
}, async (t) => {
  const { port, lines, tell, ended } = await filersItself(t);
  const seen: { format: string; digest: string }[] = [];
  const happened: (boolean | string)[] = [];
  class Player extends RemoteVideoPlayer {
    override processException(message: string): void {
      happened.push(message);
    }
    override processRecordingState(isRecording: boolean): void {
      happened.push(isRecording);
      if (!isRecording) this.play();
    }
    override processImage({
      planes,
      pixelFormat: format,
    }: {
      planes: readonly Uint8Array[];
      pixelFormat: string;
    }): void {
      const hash = createHash("sha256");
      for (const plane of planes) hash.update(plane);
      seen.push({ format, digest: hash.digest("hex") });
    }
  }
  const player = new Player({ server: "localhost", port });
  t.after(() => player.stopListener());
  player.startListener();
  player.play();
  player.play(); // a mistake, of which Filers tells
  await eventually(() => happened.length === 1);
  assert.equal(happened.shift(), "Client already notified that it is playing");
  for (const [n, format] of FORMATS.entries()) {
    tell(`record ${format} 34 22 3`);
    await eventually(() => happened.length === 2 * n + 2);
  }
  assert.deepEqual(
    happened,
    FORMATS.flatMap(() => [true, false]),
  );
  const sent = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  assert.equal(sent.length, 3 * FORMATS.length);
  assert.deepEqual(seen, sent);
  await player.stopListener();
  tell("end");
  const { code, errors } = await ended;
  assert.equal(code, 0, errors);
});

test("a camera of Filers' own server is a camera here, through every pause of its recording", {
  timeout: TEST_MS,
}, async (t) => {
  const { port, tell, ended } = await filersItself(t);
  const host = new ThingHost({ settingsFolder: await folderFor(t) });
  const camera = new FilersCamera({ server: "127.0.0.1", port });
  host.add("rig", camera);
  await host.open();
  t.after(() => host.close());
  const sizes: string[] = [];
  const times: number[] = [];
  camera.mjpeg_stream.onFrame(({ width, height, capturedAt }) => {
    sizes.push(`${width}x${height}`);
    times.push(capturedAt);
  });
  const release = camera.mjpeg_stream.demand.take();
  tell("record gray 32 24 3");
  await eventually(() => sizes.length > 0);
  await eventually(() => !camera.remote_recording);
  for (const [n, format] of FORMATS.entries()) {
    const size = `${64 + 2 * n}x48`;
    tell(`record ${format} ${size.replace("x", " ")} 6`);
    await eventually(() => sizes.filter((one) => one === size).length >= 4);
    await eventually(() => !camera.remote_recording);
  }
  assert.equal(camera.state.state, "streaming");
  assert.equal(camera.frames_dropped, 0);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  const [fourth = 0, last = 0] = [times.at(-4), times.at(-1)];
  assert.ok(last - fourth > 90 && last - fourth < 1000, `four frames in ${last - fourth} ms`);
  release();
  await host.close();
  tell("end");
  assert.equal((await ended).code, 0);
});
