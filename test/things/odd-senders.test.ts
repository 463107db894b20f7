import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ThingHost } from "thingscope";
import { delay } from "../../src/base/abort.ts";
import { encodeJpeg } from "../../src/frames/codec/codec.ts";
import { HttpCamera, type HttpCameraOptions } from "../../things/index.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { eventually } from "../streams/watching.ts";

const timeout = TEST_MS;

function part(jpeg: Uint8Array): Buffer {
  const head = `--x\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), jpeg, Buffer.from("\r\n")]);
}

/** A camera whose server sends a multipart stream as `send` does, and what the test sees of both. */
async function cameraOf(
  t: TestContext,
  send: (response: ServerResponse, connection: number) => unknown,
  options: Partial<HttpCameraOptions> = {},
) {
  const seen = {
    connections: 0,
    open: 0,
    mostOpen: 0,
    told: [] as string[],
    since: [] as string[],
  };
  const server = createServer(async (_, response) => {
    seen.connections += 1;
    seen.mostOpen = Math.max(seen.mostOpen, ++seen.open);
    response.on("close", () => seen.open--);
    response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=x" });
    await send(response, seen.connections);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const camera = new HttpCamera({ url: `http://127.0.0.1:${port}/`, keep_warm: true, ...options });
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("camera", camera);
  camera.state_changed.on(({ state, reason, since }) => {
    seen.told.push(reason === undefined ? state : `${state}: ${reason}`);
    seen.since.push(since);
  });
  await host.open();
  t.after(async () => {
    await host.close();
    server.closeAllConnections();
    server.close();
    await eventually(() => seen.open === 0);
  });
  return { camera, seen, stream: camera.mjpeg_stream };
}

/** Frames of other colours, each of a size of its own. */
function pictureOf(width: number, height: number): Promise<Uint8Array> {
  const data = new Uint8Array(width * height * 3).fill(90);
  return encodeJpeg({ data, width, height, channels: 3 });
}

test("a server that closes after every frame is asked again, one connection at a time, and each end is told once with its reason and time", {
  timeout,
}, async (t) => {
  const { seen, stream, camera } = await cameraOf(t, (response, n) => {
    response.end(Buffer.concat([part(picture(2 * n)), part(picture(2 * n + 1))]));
  });
  await eventually(() => seen.told.length >= 6);
  const [first, ...rest] = seen.told.slice(0, 6);
  const ended = `failed: ${camera.url} ended the stream.`;
  assert.deepEqual(
    [first, ...rest],
    ["opening", "streaming", ended, "streaming", ended, "streaming"],
  );
  assert.equal(seen.mostOpen, 1);
  const failures = seen.told.filter((told) => told.startsWith("failed")).length;
  assert.ok([failures, failures + 1].includes(stream.stats.outages));
  assert.equal(stream.stats.added % 2, 0);
  assert.deepEqual(seen.since, [...seen.since].sort(), "a state begins after the one before");
});

for (const [what, bytes, reason] of [
  [
    "breaks off in its first picture",
    part(picture(1)).subarray(0, 150),
    / ended its response without a picture: its first picture broke off after \d+ of \d+ bytes\.$/,
  ],
  [
    "breaks off in a picture without a length",
    Buffer.concat([Buffer.from("--x\r\n\r\n"), picture(1).subarray(0, 150)]),
    / ended its response without a picture: its first picture broke off\.$/,
  ],
  [
    "sends parts of other types alone",
    Buffer.from(
      "--x\r\nContent-Type: text/plain\r\n\r\nhi\r\n--x\r\nContent-Type: text/plain\r\n\r\nhi",
    ),
    / ended its response without a picture: its parts are of other media types\.$/,
  ],
] as const) {
  test(`a server that ${what} and closes is told as that`, { timeout }, async (t) => {
    const { seen, stream } = await cameraOf(t, (response) => response.end(bytes));
    await eventually(() => seen.told.length >= 2);
    assert.match(seen.told[1] ?? "", reason);
    assert.deepEqual([stream.stats.added, stream.stats.outages], [0, 1]);
  });
}

test("a server that sends one frame and sleeps is opened again after the time for a start, as its period is not known", {
  timeout,
}, async (t) => {
  const { seen, stream } = await cameraOf(t, (response) => response.write(part(picture(1))), {
    start_ms: 1200,
    silence_ms: 300,
  });
  await eventually(() => seen.connections === 2 && seen.told.length === 4);
  assert.deepEqual(
    seen.told.map((told) => told.replace(/\d+\.\d s/, "N s")),
    [
      "opening",
      "streaming",
      "stalled: The source is open but silent: frames stopped coming for N s. Check the camera and its cable.",
      "streaming",
    ],
  );
  assert.deepEqual([stream.stats.added, stream.stats.outages, seen.mostOpen], [2, 1, 1]);
});

test("a picture that changes its size, and one that is the same for ever, are frames of one run", {
  timeout,
}, async (t) => {
  const sizes = [
    [320, 240],
    [64, 48],
    [640, 480],
    [320, 240],
  ] as const;
  const pictures = await Promise.all(sizes.map(([width, height]) => pictureOf(width, height)));
  const { camera, seen, stream } = await cameraOf(t, async (response) => {
    for (const jpeg of pictures) response.write(part(jpeg));
    while (!response.closed) {
      await delay(10);
      response.write(part(pictures.at(-1)!));
    }
  });
  const widths: number[] = [];
  stream.onFrame(({ width }) => widths.push(width));
  await eventually(() => widths.length >= 20);
  assert.deepEqual(widths.slice(0, 5), [320, 64, 640, 320, 320]);
  assert.deepEqual([seen.told, seen.connections], [["opening", "streaming"], 1]);
  assert.equal(
    stream.heldFrames.every(({ run }) => run === stream.run),
    true,
  );
  assert.deepEqual([camera.frames_unchanged, stream.stats.outages], [0, 0]);
});
