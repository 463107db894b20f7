import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { MJPEGStream, ThingHost, ThingServer } from "thingscope";
import type { Health } from "../../src/server/monitoring/health.ts";
import { RemoteCamera } from "../../things/index.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { eventually, Watcher } from "../streams/watching.ts";

test("a mirror of a camera that has stalled says so with its reason, keeps its connection, and shows the frames that come again", {
  timeout: TEST_MS,
}, async (t) => {
  const upstream = new MJPEGStream();
  const server = createServer((request, response) =>
    upstream.mjpegStreamResponse(request, response),
  ).listen(0, "127.0.0.1");
  await once(server, "listening");
  let connections = 0;
  server.on("connection", () => connections++);
  const { port } = server.address() as AddressInfo;
  const camera = new RemoteCamera({
    url: `http://127.0.0.1:${port}/live`,
    keep_warm: true,
    silence_ms: 3_600_000,
  });
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("mirror", camera);
  const own = new ThingServer(host);
  t.after(async () => {
    await own.close();
    server.closeAllConnections();
    server.close();
  });
  const { port: ownPort } = await own.listen({ port: 0 });
  await eventually(() => upstream.demand.active);
  const mirror = camera.mjpeg_stream;
  for (let n = 0; n < 3; n++) {
    upstream.addFrame(picture(n));
    await eventually(() => mirror.lastFrameIndex === n);
  }
  const { run } = mirror;
  const watcher = new Watcher(ownPort, "/mirror/mjpeg_stream");

  upstream.showPlaceholder(picture(99), "The source is open but silent.");
  const reason = `http://127.0.0.1:${port}/live has no frames: The source is open but silent.`;
  await eventually(() => camera.state.reason === reason); // a busy machine may be silent before
  assert.equal(camera.state.state, "stalled");
  await watcher.until(() => watcher.parts.some(({ headers }) => headers.has("x-placeholder")));
  const metrics = await (await fetch(`http://127.0.0.1:${ownPort}/metrics`)).text();
  assert.match(
    metrics,
    /^thingscope_stream_state\{thing="mirror",stream="mjpeg_stream",state="stalled"\} 1$/m,
  );
  const answer = await fetch(`http://127.0.0.1:${ownPort}/health`);
  const health = (await answer.json()) as Health;
  const { state } = health.things.mirror ?? {};
  assert.deepEqual([health.status, state], ["degraded", "stalled"]);

  upstream.showPlaceholder(undefined); // it answers again, and has nothing new: the same frame is shown
  await eventually(() => camera.state.state === "streaming");
  assert.deepEqual([mirror.lastFrameIndex, mirror.placeholder], [2, undefined]);
  upstream.addFrame(picture(3));
  await eventually(() => mirror.lastFrameIndex === 3);
  assert.deepEqual([mirror.run, connections], [run, 1]);
  assert.equal(camera.frames_missed, 0);
  const last = () => watcher.parts.at(-1)?.headers.get("x-frame-index");
  await watcher.until(() => last() === "3");
  assert.equal(watcher.closed, false);
  watcher.socket.destroy();
});
