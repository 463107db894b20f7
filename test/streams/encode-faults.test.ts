import assert from "node:assert/strict";
import { register } from "node:module";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Camera, type FrameSource, ThingHost, ThingServer } from "thingscope";
import { logTo } from "../../src/base/log.ts";
import type { Health } from "../../src/server/monitoring/health.ts";
import { derive } from "../../src/streams/derive.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { picture } from "./pictures.ts";
import { eventually, serve, Watcher } from "./watching.ts";

const timeout = TEST_MS;

/** As on a computer for which sharp has no binary, until it is installed. */
const missing = new Int32Array(new SharedArrayBuffer(4));
register(
  `data:text/javascript,
  let missing;
  export const initialize = (data) => { missing = data; };
  export async function resolve(name, context, next) {
    if (name === "sharp" && missing[0] === 1) throw new Error("Could not load the 'sharp' module.");
    return next(name, context);
  }`,
  { data: missing },
);
missing[0] = 1;
/** Each sentence ends once, and says what to do. */
const WHY =
  "Could not load the 'sharp' module. Run: npm install --include=optional, or request it without width and quality.";

test("a frame that fails again and again is shown once, and logged ever more seldom", {
  timeout,
}, async (t) => {
  const lines: string[] = [];
  const stream = new MJPEGStream({ log: logTo((_, line) => lines.push(line)) });
  const { port } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
  const watcher = new Watcher(port, "/?quality=40");
  await eventually(() => stream.demand.count === 1);
  for (let n = 0; n < 20; n++) {
    stream.addFrame(picture(n));
    await eventually(() => stream.stats.encodeFailures === n + 1);
  }
  await watcher.until(() => watcher.parts.length === 1);
  assert.equal(watcher.parts.length, 1);
  assert.equal(lines.length, 5, "1, 2, 4, 8, 16");
});

test("a picture asked for alone fails with the reason", { timeout }, async () => {
  const stream = new MJPEGStream();
  stream.addFrame(picture(0));
  await assert.rejects(stream.sized(stream.newest!, { quality: 40 }), {
    code: "PICTURE_FAILED",
    status: 500,
    message: `The picture could not be resized or re-encoded: ${WHY}`,
  });
});

class SmallCamera extends Camera {
  protected override source(): FrameSource {
    return {
      async *frames(signal) {
        for (let n = 0; !signal.aborted; n++) {
          yield { jpeg: picture(n) };
          await sleep(20);
        }
      },
    };
  }
}

test("clients are told of it: a snapshot with a problem, /health and /metrics with the reason", {
  timeout,
}, async (t) => {
  const host = new ThingHost({ settingsFolder: await temporaryFolder("encode-faults-") });
  host.add("camera", new SmallCamera());
  const server = new ThingServer(host);
  const { url } = await server.listen({ port: 0 });
  t.after(() => server.close());
  const snapshot = await fetch(`${url}/camera/mjpeg_stream/snapshot?quality=40`);
  const { detail, code } = (await snapshot.json()) as { detail: string; code: string };
  assert.deepEqual([snapshot.status, code], [500, "PICTURE_FAILED"]);
  assert.ok(detail.endsWith(WHY), detail);
  const health = (await (await fetch(`${url}/health`)).json()) as Health;
  assert.equal(health.status, "degraded");
  assert.ok(
    health.reasons.some((why) => why.startsWith("Stream 'mjpeg_stream' of Thing 'camera' cannot")),
    health.reasons.join("\n"),
  );
  assert.equal(health.things.camera?.streams.mjpeg_stream?.encodeFault, detail);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /thingscope_stream_encode_failures_total\{[^}]*"mjpeg_stream"[^}]*\} 1/);
  assert.equal((await fetch(`${url}/camera/mjpeg_stream/snapshot`)).status, 200);
});

// The last: what has been loaded stays.
test("a frame that cannot be made smaller is counted and told, and viewers see why until one can be", {
  timeout,
}, async (t) => {
  const lines: string[] = [];
  const stream = new MJPEGStream({ log: logTo((level, line) => lines.push(`${level} ${line}`)) });
  const lores = new MJPEGStream();
  t.after(derive(stream, lores, { quality: 40 }));
  const { port } = await serve(t, (req, res) => {
    (req.url === "/lores" ? lores : stream).mjpegStreamResponse(req, res);
  });
  const watchers = ["/?quality=40", "/?quality=60&fps=50", "/lores"].map(
    (path) => new Watcher(port, path),
  );
  await eventually(() => stream.stats.viewers + lores.stats.viewers === 3);
  stream.addFrame(picture(0));
  for (const watcher of watchers) {
    await watcher.until(() => watcher.parts.length === 1);
    const reason = watcher.parts[0]!.headers.get("x-placeholder") ?? "";
    assert.match(reason, /^The picture could not be resized/, watcher.path);
  }
  assert.equal(stream.stats.encodeFailures, 2, "lores and the first share one");
  assert.ok(stream.stats.encodeFault?.endsWith(WHY), stream.stats.encodeFault);
  const told = lines.filter((line) => line.startsWith("warn No smaller frames: "));
  assert.equal(told.length, 2, lines.join("\n"));

  const late = new Watcher(port, "/?quality=40");
  await late.until(() => late.parts.length === 1);
  assert.ok(late.parts[0]!.headers.has("x-placeholder"));

  missing[0] = 0;
  stream.addFrame(picture(1));
  for (const watcher of [...watchers, late]) {
    await watcher.until(() => watcher.parts.length === 2);
    assert.ok(!watcher.parts[1]!.headers.has("x-placeholder"), watcher.path);
  }
  assert.equal(stream.stats.encodeFault, undefined);
});
