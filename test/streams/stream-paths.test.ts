import assert from "node:assert/strict";
import { test } from "node:test";
import { now } from "../../src/base/clock.ts";
import { renderSvg } from "../../src/frames/codec/codec.ts";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { patience, TEST_MS } from "../limits.ts";
import { numberIn, picture } from "./pictures.ts";
import { serveStream } from "./stream-server.ts";
import { eventually } from "./watching.ts";

const timeout = TEST_MS;

async function jpegOf(response: Response): Promise<Uint8Array> {
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "image/jpeg");
  assert.equal(response.headers.get("cache-control"), "no-store");
  return new Uint8Array(await response.arrayBuffer());
}

test("a snapshot is the newest frame if it is fresh, with its identity in headers", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream();
  const { url } = await serveStream(t, stream);
  stream.addFrame(picture(1));
  stream.addFrame(picture(2));
  const response = await fetch(`${url}/snapshot`);
  assert.equal(response.headers.get("x-frame-index"), "1");
  assert.equal(response.headers.get("x-stream-run"), stream.run);
  assert.ok(Math.abs(Number(response.headers.get("x-timestamp")) * 1000 - now()) < 2000);
  assert.ok(Number(response.headers.get("x-frame-age")) >= 0);
  assert.equal(numberIn(await jpegOf(response)), 2);
});

test("a snapshot waits for the next frame when the newest is older than 1 s", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream();
  const { url } = await serveStream(t, stream);
  stream.addFrame(picture(1), { capturedAt: now() - 1100 });
  const wait = fetch(`${url}/snapshot`);
  await eventually(() => stream.demand.active);
  stream.addFrame(picture(2));
  assert.equal(numberIn(await jpegOf(await wait)), 2);
  assert.equal(stream.demand.count, 0);
});

test("a fresh snapshot was captured after the request, however new the newest is", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream();
  const { url } = await serveStream(t, stream);
  stream.addFrame(picture(1));
  const asked = now();
  const wait = fetch(`${url}/snapshot?fresh=1`);
  await eventually(() => stream.demand.active);
  stream.addFrame(picture(2), { capturedAt: asked - 5 }); // exposed before the request
  stream.addFrame(picture(3));
  assert.equal(numberIn(await jpegOf(await wait)), 3);
});

test("a snapshot without frames is refused in time, with the reason", { timeout }, async (t) => {
  const stream = new MJPEGStream();
  const { url } = await serveStream(t, stream);
  const silent = await fetch(`${url}/snapshot?wait=0.05`);
  assert.equal(silent.status, 503);
  assert.match(await silent.text(), /No frame arrived within 0.05 s. Is the camera running/);
  stream.showPlaceholder(picture(0), "The cable came out.");
  assert.match(await (await fetch(`${url}/snapshot?wait=0.05`)).text(), /: The cable came out/);
  stream.stop();
  assert.match(await (await fetch(`${url}/snapshot`)).text(), /The stream is stopped/);
});

test("a snapshot can be smaller", { timeout }, async (t) => {
  const stream = new MJPEGStream();
  const { url } = await serveStream(t, stream);
  stream.addFrame(await renderSvg(`<svg viewBox="0 0 4 3"/>`, { width: 320, height: 240 }));
  const jpeg = await jpegOf(await fetch(`${url}/snapshot?width=80`));
  assert.equal(inspectJpeg(jpeg).width, 80);
});

test("next is the frame that arrives after the request, 204 when none does", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream();
  const { url } = await serveStream(t, stream);
  stream.addFrame(picture(1));
  const wait = fetch(`${url}/next`);
  await eventually(() => stream.demand.active);
  stream.addFrame(picture(2));
  assert.equal(numberIn(await jpegOf(await wait)), 2);
  assert.equal((await fetch(`${url}/next?wait=0.05`)).status, 204);
});

test("held frames are listed, and each can be fetched by its index", { timeout }, async (t) => {
  const stream = new MJPEGStream({ ringbufferSize: 3 });
  const { url } = await serveStream(t, stream);
  for (let n = 0; n < 5; n++) stream.addFrame(picture(n, 1000 + n));
  const { run, frames } = JSON.parse(await (await fetch(`${url}/frames`)).text());
  assert.equal(run, stream.run);
  const { capturedAt } = stream.heldFrame(2);
  assert.deepEqual(frames[0], {
    run,
    index: 2,
    capturedAt,
    size: 1002,
    width: 16,
    height: 16,
    href: "/camera/live/frames/2",
  });
  const fetched = await jpegOf(await fetch(new URL(frames[2].href, url)));
  assert.equal(numberIn(fetched), 4);
});

test("a frame that is not held is 404 with what is, one to come can be waited for", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream({ ringbufferSize: 2 });
  const { url } = await serveStream(t, stream);
  for (let n = 0; n < 4; n++) stream.addFrame(picture(n));
  const gone = await fetch(`${url}/frames/0`);
  assert.equal(gone.status, 404);
  assert.match(await gone.text(), /overwritten. Frames 2 to 3 are held/);
  const early = await fetch(`${url}/frames/4?wait=0.05`);
  assert.equal(early.status, 404);
  assert.match(await early.text(), /not been captured yet/);
  const wait = fetch(`${url}/frames/5?wait=10`);
  await eventually(() => stream.demand.active);
  stream.addFrame(picture(4));
  stream.addFrame(picture(5));
  assert.equal(numberIn(await jpegOf(await wait)), 5);
  const other = await fetch(`${url}/frames/5?run=aaaaaa`);
  assert.deepEqual([other.status, /run aaaaaa is not held/.test(await other.text())], [404, true]);
});

test("the next frame's size is a JSON number, its identity is in headers", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream();
  const { url } = await serveStream(t, stream);
  stream.addFrame(picture(0, 1000));
  const wait = fetch(`${url}/next_frame_size`);
  await eventually(() => stream.demand.active);
  stream.addFrame(picture(1, 2345));
  const response = await wait;
  assert.equal(await response.json(), 2345);
  assert.equal(response.headers.get("x-frame-index"), "1");
  assert.match(response.headers.get("content-type")!, /^application\/json/);
});

test("HEAD is answered at once everywhere", { timeout }, async (t) => {
  const stream = new MJPEGStream();
  const { url } = await serveStream(t, stream);
  const paths: Array<[string, string]> = [
    ["", "multipart/x-mixed-replace; boundary=frame"],
    ["/viewer", "text/html; charset=utf-8"],
    ["/viewer/viewer.css", "text/css; charset=utf-8"],
    ["/snapshot", "image/jpeg"],
    ["/next", "image/jpeg"],
    ["/frames", "application/json"],
    ["/next_frame_size", "application/json"],
    ["/sizes", "text/event-stream"],
  ];
  for (const [path, contentType] of paths) {
    const response = await fetch(url + path, { method: "HEAD", signal: patience() });
    assert.deepEqual([response.status, response.headers.get("content-type")], [200, contentType]);
  }
  assert.equal((await fetch(`${url}/frames/3?wait=9`, { method: "HEAD" })).status, 404);
  stream.addFrame(picture(0));
  assert.equal(
    (await fetch(`${url}/frames/0`, { method: "HEAD" })).headers.get("x-frame-index"),
    "0",
  );
  assert.equal(stream.demand.count, 0);
});

for (const [path, sentence] of [
  ["/snapshot?fresh=maybe", /'fresh' must be 1 or 0, not \\"maybe\\"/],
  ["/snapshot?width=1", /'width' must be an integer from 16 to 8192/],
  ["/snapshot?wait=forever", /'wait' must be a number of seconds from 0 to 60/],
  ["/frames/latest", /an integer from 0, not \\"latest\\"/],
  ["/sizes?after=yesterday", /does not name a frame/],
] as const) {
  test(`${path} is refused with a sentence`, { timeout }, async (t) => {
    const { url } = await serveStream(t, new MJPEGStream());
    const response = await fetch(url + path);
    assert.equal(response.status, 400);
    assert.match(await response.text(), sentence);
  });
}

test("the viewer page comes with all it needs, and no other file", { timeout }, async (t) => {
  const { url } = await serveStream(t, new MJPEGStream());
  const answer = await fetch(`${url}/viewer`);
  const { headers } = answer;
  const html = await answer.text();
  const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link!);
  assert.ok(links.length > 20); // each module is named at once
  for (const link of links) assert.equal((await fetch(new URL(link, `${url}/viewer`))).status, 200);
  assert.match(headers.get("content-security-policy") ?? "", /script-src 'self' 'sha256-/);
  assert.doesNotMatch(html, /<script>|<style|style=|\son\w+=/); // the page's policy forbids them
  assert.equal((await fetch(`${url}/viewer/package.json`)).status, 404);
  const page = new MJPEGStream().viewerPage('/camera/li"ve/');
  assert.match(page, /src="\/camera\/li&#34;ve\/viewer"/);
});
