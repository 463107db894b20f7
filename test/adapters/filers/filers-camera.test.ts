import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ThingHost } from "thingscope";
import { FilersCamera, type FilersCameraOptions } from "thingscope/filers";
import { decodeRgb } from "thingscope/frames";
import { jpegOf } from "../../frames/jpegs.ts";
import { TEST_MS } from "../../limits.ts";
import { eventually } from "../../streams/watching.ts";
import { folderFor } from "../../things/recorder-server.ts";
import { filersFor } from "./network.ts";

const timeout = TEST_MS;
const JPEG = await jpegOf(64, 48, { quality: 95 });

async function cameraFor(
  t: TestContext,
  port: number,
  options: Partial<FilersCameraOptions> = {},
): Promise<FilersCamera> {
  const host = new ThingHost({ settingsFolder: await folderFor(t) });
  const camera = new FilersCamera({ server: "127.0.0.1", port, quality: 95, ...options });
  host.add("far", camera);
  await host.open();
  t.after(() => host.close());
  return camera;
}

for (const pixel_format of ["rgb24", "bgr24", "yuv420p"] as const) {
  test(`a camera that a FilersServer sends as ${pixel_format} is a camera again`, {
    timeout,
  }, async (t) => {
    const near = await filersFor(t, { pixel_format });
    const far = await cameraFor(t, near.port);
    assert.equal(near.server.connections, 0, "nobody wants frames");
    const frame = far.mjpeg_stream.grab();
    await eventually(() => near.camera.mjpeg_stream.demand.active);
    near.camera.mjpeg_stream.addFrame(JPEG);
    const { jpeg, width, height, origin, capturedAt } = await frame;
    assert.deepEqual([width, height], [64, 48]);
    const first = near.camera.mjpeg_stream.heldFrame(0);
    assert.deepEqual(origin, {
      stream: `filers://127.0.0.1:${near.port}`,
      ...{ run: first.run, index: 0, capturedAt: first.capturedAt },
    });
    assert.ok(Math.abs(capturedAt - first.capturedAt) < 2000);
    assert.equal(far.remote_recording, true);
    const [sent, came] = await Promise.all([decodeRgb(JPEG), decodeRgb(jpeg)]);
    const error = sent.data.reduce((sum, value, n) => sum + Math.abs(value - came.data[n]!), 0);
    assert.ok(error / sent.data.length < 12, `${error / sent.data.length} of 255 on the average`);
  });
}

test("it waits through pauses of the recording, and says that there is one", {
  timeout,
}, async (t) => {
  const near = await filersFor(t);
  const far = await cameraFor(t, near.port);
  const seen: number[] = [];
  far.mjpeg_stream.onFrame(({ origin }) => seen.push(origin?.index ?? -1));
  t.after(far.mjpeg_stream.demand.take());
  await eventually(() => near.camera.mjpeg_stream.demand.active);
  near.camera.mjpeg_stream.addFrame(JPEG);
  await eventually(() => seen.length === 1);
  near.server.stop_network_recording();
  await eventually(() => !far.remote_recording);
  assert.equal(far.state.state, "streaming");
  await eventually(() => near.server.clients[0]?.state === "requested");
  near.camera.mjpeg_stream.addFrame(JPEG); // nobody is sent this one
  near.server.start_network_recording();
  await eventually(() => near.camera.mjpeg_stream.demand.active);
  near.camera.mjpeg_stream.addFrame(JPEG);
  await eventually(() => seen.length === 2);
  assert.deepEqual(seen, [0, 2]);
  assert.equal(near.server.connections, 1);
});

test("a server that goes away is looked for again", { timeout }, async (t) => {
  const near = await filersFor(t);
  const far = await cameraFor(t, near.port);
  t.after(far.mjpeg_stream.demand.take());
  await eventually(() => near.camera.mjpeg_stream.demand.active);
  await near.host.close();
  await eventually(() => far.state.state === "failed");
  assert.match(
    far.state.reason ?? "",
    /The connection to the Filers server 127\.0\.0\.1:\d+ was lost: /,
  );
  const again = await filersFor(t, { port: near.port });
  await eventually(() => again.camera.mjpeg_stream.demand.active);
  const frame = far.mjpeg_stream.grab();
  again.camera.mjpeg_stream.addFrame(JPEG);
  await frame;
  assert.equal(far.state.state, "streaming");
});

test("frames that the server left out are told of as losses, and those between recordings are not", {
  timeout,
}, async (t) => {
  const near = await filersFor(t);
  const far = await cameraFor(t, near.port);
  const losses: number[] = [];
  far.mjpeg_stream.onFrame(({ lossesBefore = [] }) => {
    losses.push(lossesBefore.reduce((sum, { count }) => sum + count, 0));
  });
  t.after(far.mjpeg_stream.demand.take());
  await eventually(() => near.camera.mjpeg_stream.demand.active);
  const large = await jpegOf(800, 600);
  for (let n = 0; n < 5; n++) near.camera.mjpeg_stream.addFrame(large); // in one moment: the first and the last are sent
  await eventually(() => losses.length === 2);
  assert.deepEqual(losses, [0, 3]);
  near.server.stop_network_recording();
  await eventually(() => near.server.clients[0]?.state === "requested");
  for (let n = 0; n < 5; n++) near.camera.mjpeg_stream.addFrame(JPEG);
  near.server.start_network_recording();
  near.camera.mjpeg_stream.addFrame(JPEG);
  await eventually(() => losses.length === 3);
  assert.deepEqual(losses, [0, 3, 0]);
});

test("a server that records and sends nothing has failed, one that does not record has not", {
  timeout,
}, async (t) => {
  const near = await filersFor(t);
  const far = await cameraFor(t, near.port, { silence_ms: 300 });
  t.after(far.mjpeg_stream.demand.take());
  await eventually(() => near.camera.mjpeg_stream.demand.active);
  await new Promise((resolve) => setTimeout(resolve, 500)); // longer than it may be silent while it records
  assert.equal(far.state.state, "opening");
  near.camera.mjpeg_stream.addFrame(JPEG);
  await eventually(() => far.mjpeg_stream.stats.added === 1);
  await eventually(() => far.state.state === "failed");
  assert.match(far.state.reason ?? "", /records and has sent no picture for 0\.3 s\./);
});

test("options that do not fit are told of", () => {
  assert.throws(() => new FilersCamera({ server: "pc" } as never), {
    message: /A FilersCamera cannot be created with these options: 'port' is missing\./,
  });
});
