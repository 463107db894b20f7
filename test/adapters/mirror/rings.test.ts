import assert from "node:assert/strict";
import { test } from "node:test";
import { MJPEGStream } from "thingscope";
import { limitHits } from "../../../src/base/limit-hits.ts";
import { MjpegHttpSource } from "../../../src/sources/mjpeg-http.ts";
import { feed } from "../../../src/streams/source-runner.ts";
import { RemoteCamera } from "../../../things/index.ts";
import { TEST_MS, WAIT_MS } from "../../limits.ts";
import { picture } from "../../streams/pictures.ts";
import { eventually, Watcher } from "../../streams/watching.ts";
import { balancer } from "./balancer.ts";
import { liveOf, Microscope, mirrorOf, origin, program } from "./origins.ts";

const timeout = TEST_MS;
const LIVE = "/microscope/live";
const LOOP =
  /^http:\S+\/microscope\/live has the pictures of this server, by another way: the mirrors form a loop\./;

test("a mirror whose way to the pictures leads back to it, over another mirror, says so in one sentence, and pulls nothing", {
  timeout,
}, async (t) => {
  const microscope = new Microscope();
  const source = await origin(t, { microscope });
  let pictures = source.port;
  const way = await balancer(t, (line) => (line.includes(LIVE) ? pictures : source.port));
  const near = await mirrorOf(t, way.url);
  const far = await mirrorOf(t, near.url);
  const watcher = new Watcher(far.port, LIVE);
  await eventually(() => microscope.live.viewers.count === 1);
  microscope.live.addFrame(picture(1));
  await watcher.until(() => watcher.parts.length === 1);
  pictures = far.port;
  way.cut();
  await eventually(() => LOOP.test(liveOf(near).source.reason ?? ""));
  const told = liveOf(near).source.reason!;
  await eventually(() => liveOf(far).source.reason?.endsWith(` has no frames: ${told}`) ?? false);
  assert.ok(liveOf(near).viewers.count <= 2, "the far mirror, and one that is being refused");
  assert.equal(liveOf(near).stats.added, 1);
  pictures = source.port;
  await eventually(() => microscope.live.viewers.count === 1);
  microscope.live.addFrame(picture(2));
  await watcher.until(
    () => watcher.parts.at(-1)?.headers.get("x-origin")?.includes("index=1;") ?? false,
  );
  watcher.socket.destroy();
});

test("a reason that comes round in a ring of servers does not grow", { timeout }, async (t) => {
  let reason = "";
  const url = await program(t, (_, response) => {
    response.setHeader("Content-Type", "multipart/x-mixed-replace; boundary=frame");
    const head = `--frame\r\nContent-Type: image/jpeg\r\nX-Placeholder: ${reason}\r\n`;
    const jpeg = picture(1);
    response.write(`${head}Content-Length: ${jpeg.length}\r\n\r\n`);
    response.write(jpeg);
    response.write("\r\n--frame\r\n");
  });
  const told = async () => {
    const stream = new MJPEGStream();
    const runner = feed(stream, new MjpegHttpSource(url), { keepWarm: true });
    await eventually(() => runner.reason !== undefined);
    const { reason } = runner;
    await runner.stop();
    return reason;
  };
  reason = "The lens cap is on.";
  const first = await told();
  assert.equal(first, `${url}/ has no frames: The lens cap is on.`);
  reason = `http://far.lab/live has no frames: ${first}`;
  assert.equal(await told(), first);
});

test("a mirror of a server without Things, as of a mirror of itself, says so", {
  timeout,
}, async (t) => {
  const empty = await origin(t, {});
  const copy = await mirrorOf(t, empty.url);
  const { message } = await copy.log.line(/has no Things/, { withinMs: WAIT_MS });
  assert.match(
    message,
    /^http:\S+ has no Things, so there is nothing to mirror\. If it is a mirror itself,/,
  );
  assert.equal(copy.log.of("warn").length, 1);
});

const RING =
  /http:\S+\/camera\/mjpeg_stream has the pictures of this very stream: the servers show them to each other in a ring\./;

test("RemoteCameras that show each other in a ring say so, are counted, and pull nothing once nobody watches; with a camera in it they show that", {
  timeout,
}, async (t) => {
  const before = limitHits().get("picture_rings") ?? 0;
  const microscope = new Microscope();
  const source = await origin(t, { microscope });
  let last = 0;
  const way = await balancer(t, () => last);
  const cameras: RemoteCamera[] = [];
  const ports: number[] = [];
  for (let n = 0, from = way.port; n < 3; n++) {
    const url = `http://127.0.0.1:${from}/camera/mjpeg_stream`;
    const camera = new RemoteCamera({ url });
    ({ port: from } = await origin(t, { camera }));
    cameras.push(camera);
    ports.push(from);
  }
  last = ports[2]!;
  const watcher = new Watcher(ports[0]!, "/camera/mjpeg_stream?fps=5");
  await eventually(() => cameras.every(({ mjpeg_stream }) => mjpeg_stream.stats.outages > 0));
  await watcher.until(() => watcher.parts.length > 0);
  const told = () => cameras.flatMap(({ state: { reason = "" } }) => RING.exec(reason) ?? []);
  await eventually(() => told().length > 0);
  assert.ok((limitHits().get("picture_rings") ?? 0) > before);
  assert.ok(cameras.every(({ mjpeg_stream }) => mjpeg_stream.viewers.count <= 3));

  const camera = new RemoteCamera({ url: `${source.url}${LIVE}` });
  last = (await origin(t, { camera })).port;
  way.cut();
  await eventually(() => microscope.live.viewers.count === 1);
  const showing = setInterval(() => microscope.live.addFrame(picture(1)), 50);
  t.after(() => clearInterval(showing));
  await watcher.until(() => watcher.parts.at(-1)?.headers.has("x-origin") ?? false);
  clearInterval(showing);
  watcher.socket.destroy();
  await eventually(() => cameras.every(({ mjpeg_stream }) => !mjpeg_stream.demand.active));
});

test("a RemoteCamera that shows a mirror of itself says so", { timeout }, async (t) => {
  let port = 0;
  const way = await balancer(t, () => port);
  const camera = new RemoteCamera({ url: `${way.url}/camera/mjpeg_stream` });
  const mirror = await mirrorOf(t, (await origin(t, { camera })).url);
  ({ port } = mirror);
  const watcher = new Watcher(port, "/camera/mjpeg_stream");
  const reasons = () => [camera.state.reason, mirror.server.host.get("camera").trouble];
  await eventually(() => reasons().some((reason) => RING.test(reason ?? "")));
  watcher.socket.destroy();
});
