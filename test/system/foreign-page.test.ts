import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Page } from "playwright-core";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { laboratory } from "../server/cameras.ts";
import { serverFor } from "../server/requests.ts";
import { openPage } from "./chromium.ts";

const timeout = TEST_MS;

/** A page that another server on this machine gave out. */
async function foreignPage(t: TestContext): Promise<Page> {
  const { port } = await serverFor(t, (_, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end("<!doctype html><title>elsewhere</title>");
  });
  const { page } = await openPage(t);
  await page.goto(`http://localhost:${port}/`);
  return page;
}

/** What becomes of an `<img>`: its width, or 0 when the browser shows nothing. */
function widthOfImage(page: Page, src: string): Promise<number> {
  return page.evaluate(`new Promise((resolve) => {
    const image = document.body.appendChild(new Image());
    image.onload = () => resolve(image.naturalWidth);
    image.onerror = () => resolve(0);
    image.src = ${JSON.stringify(src)};
  })`);
}

test("an <img> of another origin shows the picture with embed, and nothing without", {
  timeout,
}, async (t) => {
  const jpeg = await jpegOf(64, 48);
  const page = await foreignPage(t);
  for (const [embed, width] of [
    [["camera"], 64],
    [[], 0],
  ] as const) {
    const { camera, url } = await laboratory(t, { embed });
    camera.live.addFrame(jpeg);
    const source = setInterval(() => camera.live.addFrame(jpeg), 50);
    t.after(() => clearInterval(source));
    assert.equal(await widthOfImage(page, `${url}/camera/live`), width);
    assert.equal(await widthOfImage(page, `${url}/camera/live/snapshot`), width);
  }
});

test("a page of another origin reads and changes nothing, whatever it tries", {
  timeout,
}, async (t) => {
  const { camera, url } = await laboratory(t);
  const page = await foreignPage(t);
  const outcomes = await page.evaluate(`(async () => {
    const url = ${JSON.stringify(url)};
    const attempt = (path, options) => fetch(url + path, options).then((r) => r.type, () => "blocked");
    const json = { "Content-Type": "application/json" };
    return {
      read: await attempt("/camera/exposure"),
      write: await attempt("/camera/exposure", { method: "PUT", headers: json, body: "1" }),
      simplePost: await attempt("/camera/shoot", { method: "POST", mode: "no-cors", body: "{}" }),
      emptyPost: await attempt("/camera/shoot", { method: "POST", mode: "no-cors" }),
      beacon: navigator.sendBeacon(url + "/camera/shoot", new Blob(["{}"], { type: "text/plain" })),
      socket: await new Promise((resolve) => {
        const socket = new WebSocket(url.replace("http", "ws") + "/camera/ws");
        socket.onopen = () => resolve("open");
        socket.onerror = () => resolve("blocked");
      }),
    };
  })()`);
  const { read, write, socket } = Object(outcomes);
  assert.deepEqual([read, write, socket], ["blocked", "blocked", "blocked"]);
  await page.setContent(
    `<form method="post" enctype="text/plain" action="${url}/camera/shoot"><input name='{"a":"' value='"}'></form>`,
  );
  const [answer] = await Promise.all([
    page.waitForNavigation(),
    page.evaluate("document.forms[0].submit()"),
  ]);
  assert.equal(answer?.status(), 403);
  assert.deepEqual([camera.touched, camera.exposure], [0, 20]);
});

test("a page of the server's own writes, invokes and observes under its content policy", {
  timeout,
}, async (t) => {
  const { camera, url } = await laboratory(t);
  const { page } = await openPage(t);
  await page.goto(`${url.replace("127.0.0.1", "localhost")}/camera/live/viewer`);
  const heard = await page.evaluate(`(async () => {
    const json = { "Content-Type": "application/json" };
    const socket = new WebSocket(location.origin.replace("http", "ws") + "/camera/ws");
    const heard = new Promise((resolve) => { socket.onmessage = ({ data }) => resolve(data); });
    await new Promise((resolve) => { socket.onopen = resolve; });
    socket.send('{"messageType":"addPropertyObservation","data":{"exposure":true}}');
    await fetch("/camera/shoot", { method: "POST", headers: json, body: "{}" });
    await fetch("/camera/exposure", { method: "PUT", headers: json, body: "33" });
    return heard;
  })()`);
  assert.equal(heard, '{"messageType":"propertyStatus","data":{"exposure":33}}');
  assert.deepEqual([camera.touched, camera.exposure], [1, 33]);
});
