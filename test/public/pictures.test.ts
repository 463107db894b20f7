import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { packagePath } from "../../src/base/package-root.ts";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { jpegOf } from "../frames/jpegs.ts";

const load = (path: string) => import(pathToFileURL(packagePath("dist", "public", path)).href);
const { Zoom } = await load("frames/zoom.js");
const { wantedWidth } = await load("frames/wanted.js");
const { Rate } = await load("frames/rate.js");
const { withComment } = await load("frames/jpeg-comment.js");
const { pictureState } = await load("elements/camera/picture-state.js");

test("what is under the pointer stays there when it is zoomed, and the picture fills its box", () => {
  const zoom = new Zoom();
  zoom.fitInto({ width: 800, height: 600 }, { width: 400, height: 300 });
  assert.deepEqual([zoom.scale, zoom.isZoomed, zoom.corner], [2, false, { x: 0, y: 0 }]);
  const before = zoom.pixelAt({ x: 200, y: 150 });
  zoom.by(3, { x: 200, y: 150 });
  assert.deepEqual(zoom.pixelAt({ x: 200, y: 150 }), before);
  zoom.pan({ x: 1e6, y: -1e6 });
  assert.deepEqual([zoom.corner.x, zoom.corner.y], [0, 600 - 300 * zoom.scale]);
  zoom.by(1e9);
  assert.equal(zoom.scale, 48);
  zoom.by(1e-9);
  assert.equal(zoom.scale, 2);
  assert.equal(zoom.pixelAt({ x: -1, y: 0 }), undefined);
});

test("a width is asked for that is no smaller than what is shown, where it is worth an encode", () => {
  assert.equal(wantedWidth(300, 1280), 320);
  assert.equal(wantedWidth(330, 1440), 480);
  assert.equal(wantedWidth(330, 1280), undefined);
  assert.equal(wantedWidth(1000, 1280), undefined);
  assert.equal(wantedWidth(300, 400), undefined);
  assert.equal(wantedWidth(9000, undefined), undefined);
});

test("a rate is that of the last three seconds, and of the last times where it is slow", () => {
  const rate = new Rate();
  assert.equal(rate.perSecond, 0);
  for (let n = 0; n < 1000; n++) rate.count(n * 40);
  assert.ok(Math.abs(rate.perSecond - 25) < 0.1);
  for (let n = 1; n < 9; n++) rate.count(40_000 + n * 10_000);
  assert.ok(Math.abs(rate.perSecond - 0.1) < 0.001);
});

test("a comment leaves a JPEG's picture as it was", async () => {
  const jpeg = await jpegOf(64, 48);
  const commented = withComment(jpeg, '{"index":7}');
  assert.deepEqual(inspectJpeg(commented).width, 64);
  assert.ok(Buffer.from(commented).includes('{"index":7}'));
  assert.ok(Buffer.from(commented).subarray(-1000).equals(Buffer.from(jpeg).subarray(-1000)));
});

test("a picture that is old is never live, whatever its source says; a new one is", () => {
  const report = { rate: 30, latency: 20, drawnAt: 100_000 };
  const state = (after: number, status?: object, isConnected = true) =>
    pictureState({ report, status, isConnected, now: 100_000 + after });
  assert.equal(state(500, { state: "streaming" }).state, "streaming");
  assert.equal(state(500, { state: "streaming" }).banner, undefined);
  assert.deepEqual(state(3180, { state: "streaming" }), {
    ...{ state: "stale", word: "Stale", banner: "STALE 3.2 s", mayRetry: false },
    why: "No newer frame has arrived.",
  });
  const unplugged = state(100, { state: "disconnected", reason: "The cable is out." });
  assert.deepEqual([unplugged.banner, unplugged.why], ["STALE 120 ms", "The cable is out."]);
  assert.match(state(2000, undefined, false).why, /The server does not answer/);
  assert.equal(pictureState({ now: 0 }).state, "connecting");
});
