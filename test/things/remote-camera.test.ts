import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { delay, MJPEGStream, MjpegHttpSource, ThingHost } from "thingscope";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { startRecording } from "../../src/recording/write/continuous-recording.ts";
import { isFault } from "../../src/streams/source-state.ts";
import { RemoteCamera } from "../../things/index.ts";
import { Elapsed } from "../elapsed.ts";
import { patience, TEST_MS } from "../limits.ts";
import { newPath } from "../recording/recordings.ts";
import { framesOf } from "../sources/reading.ts";
import { numberIn, picture } from "../streams/pictures.ts";
import { cuttableWay } from "./black-hole.ts";

const timeout = TEST_MS;

async function served(): Promise<{ stream: MJPEGStream; url: string } & AsyncDisposable> {
  const stream = new MJPEGStream();
  const server = createServer((request, response) => stream.mjpegStreamResponse(request, response));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/live`;
  return {
    stream,
    url,
    async [Symbol.asyncDispose]() {
      stream.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("a remote camera asks for its stream when it is watched, and its frames say where they come from", {
  timeout,
}, async () => {
  await using remote = await served();
  const camera = new RemoteCamera({ url: remote.url });
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("camera", camera);
  await host.open();
  await delay(50);
  assert.equal(remote.stream.demand.count, 0);
  const grabbed = camera.mjpeg_stream.grab();
  while (remote.stream.demand.count === 0) await delay(5);
  remote.stream.addFrame(picture(5));
  const frame = await grabbed;
  assert.equal(numberIn(frame.jpeg), 5);
  assert.deepEqual(
    [frame.origin?.stream, frame.origin?.run, frame.origin?.index],
    [remote.url, remote.stream.run, 0],
  );
  assert.equal(camera.url, remote.url);
  await host.close();
  while (remote.stream.demand.count > 0) await delay(5);
});

test("a camera whose server is not there is disconnected, with the reason", {
  timeout,
}, async () => {
  const camera = new RemoteCamera({ url: "http://127.0.0.1:1/live", keep_warm: true });
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("camera", camera);
  await host.open();
  while (camera.state.state !== "disconnected") await delay(5);
  assert.match(
    camera.state.reason ?? "",
    /^http:\/\/127.0.0.1:1\/live cannot be reached: nothing listens on port 1\. Switch the camera on, or correct the address\.$/,
  );
  await host.close();
});

const PARTITION_MS = process.env.THINGSCOPE_LONG ? 30_000 : 4000;

test("after a partition a remote camera is live again within 3 s, and the outage is told once", {
  timeout: TEST_MS,
}, async (t) => {
  await using remote = await served();
  await using way = await cuttableWay(Number(new URL(remote.url).port));
  const url = `http://127.0.0.1:${way.port}/live`;
  const camera = new RemoteCamera({ url, silence_ms: 1000, keep_warm: true });
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("camera", camera);
  await host.open();
  const adding = setInterval(() => remote.stream.addFrame(picture(5)), 50);
  t.after(() => clearInterval(adding));
  t.after(() => host.close());
  await camera.mjpeg_stream.grab();
  const path = await newPath();
  const recording = await startRecording({ camera: camera.mjpeg_stream, path, reserveBytes: 0 });
  await camera.mjpeg_stream.grab();
  way.cut();
  while (!isFault(camera.state.state)) await delay(5);
  await delay(PARTITION_MS);
  assert.ok(camera.state.reason, "it says why until there are frames");
  const mendedAt = new Elapsed();
  way.mend();
  const { lossesBefore = [] } = await camera.mjpeg_stream.grab();
  const took = mendedAt.ms;
  t.diagnostic(`live ${Math.round(took)} ms after a partition of ${PARTITION_MS} ms`);
  assert.ok(took < 3000, `${took} ms`);
  assert.equal(camera.state.state, "streaming");
  assert.equal(lossesBefore.filter(({ what }) => what === "outage").length, 1);
  assert.equal(camera.mjpeg_stream.stats.outages, 1);
  const { files } = await recording.stop();
  const { notes = [] } = (await readLedger(ledgerPathOf(path))) ?? {};
  const outages = notes.flatMap(({ note }) =>
    "source" in note && note.source.what === "outage" ? [note.source] : [],
  );
  assert.equal(outages.length, 1, "once in the ledger, too");
  assert.equal(files[0]?.summary.source.find(({ what }) => what === "outage")?.times, 1);
});

test("a camera that takes long to answer is waited for, and asked by two connections at most", {
  timeout,
}, async (t) => {
  let [open, most] = [0, 0];
  const stream = new MJPEGStream();
  const server = createServer((request, response) => {
    most = Math.max(most, ++open);
    response.on("close", () => open--);
    if (most > 1) return; // it serves the first alone
    setTimeout(() => stream.mjpegStreamResponse(request, response), 5000);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    stream.stop();
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/live`;
  const adding = setInterval(() => stream.addFrame(picture(5)), 50);
  t.after(() => clearInterval(adding));
  for await (const { jpeg } of framesOf(new MjpegHttpSource(url), patience())) {
    assert.equal(numberIn(jpeg), 5);
    break;
  }
  assert.equal(most, 2);
});
