import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Page } from "playwright-core";
import { ThingHost, ThingServer } from "thingscope";
import { packagePath } from "../../src/base/package-root.ts";
import { SimulatedCamera, SimulatedStage } from "../../things/index.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { laboratory } from "../server/cameras.ts";
import { serverFor } from "../server/requests.ts";
import { openPage } from "./chromium.ts";

const timeout = TEST_MS;

/** A server of somebody else's, on another origin, with one page. */
async function ownPage(t: TestContext) {
  let html = "";
  const { port } = await serverFor(t, (_, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end(`<!doctype html><title>mine</title>${html}`);
  });
  const origin = `http://localhost:${port}`;
  const show = (page: Page, body: string) => {
    html = body;
    return page.goto(origin);
  };
  return { origin, show };
}

/** A laboratory whose camera runs. */
async function running(t: TestContext, options: Parameters<typeof laboratory>[1]) {
  const lab = await laboratory(t, options);
  const jpeg = await jpegOf(64, 48);
  const source = setInterval(() => lab.camera.live.addFrame(jpeg), 50);
  t.after(() => clearInterval(source));
  return lab;
}

function elementsOf(url: string): string {
  return `<script src="${url}/elements.js"></script>
<camera-view src="${url}/camera/live"></camera-view>
<thing-view src="${url}/camera/"></thing-view>`;
}

/** What the server sees of a page, no page tells. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** WebSockets, readers of events and viewers. */
async function connectionsTo(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const gauges =
    /^thingscope_(?:websocket_connections|event_stream_readers|stream_viewers)(?:\{.*\})? (\d+)$/gm;
  return [...metrics.matchAll(gauges)].reduce((sum, [, count]) => sum + Number(count), 0);
}

test("the example, on a page of a listed origin, shows a microscope behind a prefix and sets a property", {
  timeout,
}, async (t) => {
  const { origin, show } = await ownPage(t);
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  const stage = new SimulatedStage();
  host.add("camera", new SimulatedCamera());
  host.add("stage", stage);
  const server = new ThingServer(host, { allowedOrigins: [origin], apiPrefix: "/api/v3" });
  t.after(() => server.close());
  const { url } = await server.listen({ port: 0 });
  const { page, complaints } = await openPage(t);
  const example = readFileSync(packagePath("examples/embedded-microscope.html"), "utf8");
  assert.ok(example.trimEnd().split("\n").length <= 10);
  await show(page, example.replaceAll("http://127.0.0.1:5000", `${url}/api/v3`));
  await page.locator("camera-view [data-state=streaming]").waitFor();
  await page.locator("thing-view").getByText("Position").first().waitFor();
  await page.evaluate(
    `document.querySelector("thing-view").thing.write("backlash_steps", { x: 0, y: 0, z: 33 })`,
  );
  await until(() => stage.backlash_steps.z === 33);
  assert.deepEqual(complaints, []);
});

test("an element that is removed, or shows something else, ends its connections", {
  timeout,
}, async (t) => {
  const { origin, show } = await ownPage(t);
  const [one, other] = await Promise.all(
    [1, 2].map(() => running(t, { allowedOrigins: [origin] })),
  );
  const { page } = await openPage(t);
  await show(page, elementsOf(one!.url));
  await page.locator("camera-view [data-state=streaming]").waitFor();
  await page.locator("thing-view").getByText("Exposure").first().waitFor();
  await page.evaluate(`for (const [name, path] of [["camera-view", "camera/live"], ["thing-view", "camera/"]])
    document.querySelector(name).src = "${other!.url}/" + path`);
  await until(async () => (await connectionsTo(one!.url)) === 0);
  await until(async () => (await connectionsTo(other!.url)) >= 2);
  await page.locator("camera-view [data-state=streaming]").waitFor();
  await page.evaluate("document.body.replaceChildren()");
  await until(async () => (await connectionsTo(other!.url)) === 0);
});

test("a page of another origin is told by the elements why they are empty, and what to do", {
  timeout,
}, async (t) => {
  const { origin, show } = await ownPage(t);
  const lab = await running(t, { allowedOrigins: ["http://dashboard.lab:3000"] });
  const { page } = await openPage(t);
  await show(page, elementsOf(lab.url));
  const sentence = `${lab.url} does not let pages of ${origin} use it. Add "${origin}" to allowed_origins`;
  await page.locator("camera-view").getByText(sentence).waitFor();
  await page.locator("thing-view").getByText(sentence).waitFor();
  await lab.server.close();
  await page.evaluate(
    "for (const e of document.querySelectorAll('camera-view, thing-view')) e.replaceWith(e.cloneNode())",
  );
  await page
    .locator("thing-view")
    .getByText(`${lab.url} does not answer pages of ${origin}`)
    .waitFor();
});
