import assert from "node:assert/strict";
import { test } from "node:test";
import { ThingHost } from "thingscope";
import { Cameras, SimulatedStage, TestCamera } from "thingscope/things";
import { Elapsed } from "../elapsed.ts";
import { TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { openPage, rendererPids } from "./chromium.ts";
import { areLive, countingWay, fits, laboratory, listen } from "./dashboard-server.ts";

const timeout = TEST_MS;
const BENCH = { width: 1440, height: 900 };

test("the page opens on the live picture, without a click and without scrolling, and says what failed and why", {
  timeout,
}, async (t) => {
  const { url } = await laboratory(t, 1);
  const { page, complaints } = await openPage(t, BENCH);
  const elsewhere: string[] = [];
  const paths: string[] = [];
  page.on("request", (request) => {
    paths.push(
      request
        .url()
        .replace(/^.*\/assets\/[^/]+/, "")
        .replace(url, ""),
    );
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(url))
      elsewhere.push(request.url());
  });
  const begun = performance.now();
  await page.goto(url, { waitUntil: "commit" });
  await areLive(page, 1);
  t.diagnostic(`first picture after ${Math.round(performance.now() - begun)} ms`);
  await page.getByText("laser has a problem").waitFor();
  const lamp = page.locator("instrument-cards thing-lamp[full]");
  await lamp.getByText("The laser does not answer. Plug it in.").waitFor();
  await lamp.getByRole("button", { name: "Retry" }).click();
  await lamp.getByRole("button", { name: "Retry" }).waitFor();
  assert.ok(await fits(page), "the bench is scrolled");
  assert.equal(
    await page.getByRole("button", { name: "Focus", exact: true }).count(),
    0,
    "no autofocus",
  );
  assert.ok(await page.locator("daily-actions button.stop").isVisible());
  await page.setViewportSize({ width: 390, height: 844 });
  assert.ok(await fits(page), "the bench is wider than a telephone");
  const picture = await page.locator("camera-view").boundingBox();
  const stop = await page.locator("daily-actions button.stop").boundingBox();
  assert.ok(picture!.y < 150 && stop!.y + stop!.height <= 844, "picture first, actions at hand");
  assert.deepEqual([elsewhere, complaints], [[], []]);
  const at = (path: string) => paths.indexOf(path);
  const [things, controls] = [at("/thing_descriptions/"), at("/public/app/beside-the-picture.js")];
  assert.ok(at("/public/frames/picture-worker.js") < things, "the worker waited for the Things");
  assert.ok(things > 0 && things < controls, "the picture waited for the controls");
});

/** A page that a busy machine stops for so long takes it for sleep, and reads the Things again; so it does after answers that took 4 s. */
const COUNT_SLEEPS = `
  sleeps = 0;
  let before = Date.now();
  setInterval(() => {
    if (Date.now() - before > 5000) sleeps++;
    before = Date.now();
  }, 50);
`;

test("F18: sixteen cameras are live in one screen, over six connections at most, and an API call takes under 300 ms; a click opens one", {
  timeout,
}, async (t) => {
  const { port } = await laboratory(t, 16);
  const way = await countingWay(t, port);
  const { page, complaints } = await openPage(t, BENCH);
  const requests: string[] = [];
  const late: string[] = [];
  const sockets: string[] = [];
  page.on("requestfailed", (request) => late.push(new URL(request.url()).pathname));
  page.on("request", (request) => requests.push(new URL(request.url()).pathname));
  page.on("websocket", (socket) => sockets.push(new URL(socket.url()).pathname));
  await page.addInitScript(COUNT_SLEEPS);
  await page.goto(`${way.url}?view=wall`);
  await areLive(page, 16);
  assert.ok(await fits(page), "the wall is scrolled");
  for (const tile of await page.locator("wall-view camera-view").all()) {
    const { x, y, width, height } = (await tile.boundingBox())!;
    assert.ok(x >= 0 && y >= 0 && x + width <= 1440 && y + height <= 900);
  }
  assert.ok(way.most() <= 6 + sockets.length, `${way.most()} connections`);
  const times: number[] = [];
  for (let n = 0; n < 9; n++) {
    const elapsed = new Elapsed(...rendererPids());
    assert.equal(await page.evaluate(`fetch("stage/position").then(({ status }) => status)`), 200);
    times.push(elapsed.ms);
  }
  times.sort((a, b) => a - b);
  t.diagnostic(
    `F18: an API call takes ${times[4]?.toFixed(0)} ms, the longest ${times[8]?.toFixed(0)} ms`,
  );
  assert.ok(times[4]! < 300, `${times}`);
  const count = (path: string) => requests.filter((it) => it === path).length;
  const counts = [count("/directory/events"), count("/thing_descriptions/")];
  const readAgain = late.filter((path) => path === "/health" || path === "/thing_descriptions/");
  const again = Number(await page.evaluate("sleeps")) + readAgain.length;
  for (const n of counts) assert.ok(n >= 1 && n <= 1 + again, `${counts}, ${again} times again`);
  await page.locator("wall-view a").nth(6).click();
  await page.locator("bench-view").waitFor();
  assert.equal(new URL(page.url()).search, "?camera=camera_7/mjpeg_stream");
  await page.goBack();
  await page.locator("wall-view").waitFor();
  assert.deepEqual(complaints, []);
});

test("Things appear and go while the page is open, without a reload", {
  timeout,
}, async (t) => {
  const { server, url, host } = await laboratory(t, 1);
  const { page } = await openPage(t, BENCH);
  await page.goto(`${url}?view=things`);
  const names = page.locator("things-view nav a");
  await names.filter({ hasText: "laser" }).waitFor();
  await host.exchange(["laser"], async () => {
    host.add("lamp", new SimulatedStage());
    await server.thingsChanged();
  });
  await names.filter({ hasText: "lamp" }).waitFor();
  await names.filter({ hasText: "laser" }).waitFor({ state: "detached" });
  await page.goto(`${url}?view=things&thing=laser`);
  await page.getByText("There is no Thing 'laser': it was removed or renamed").waitFor();
  assert.equal(await page.locator("things-view thing-view").count(), 0, "nothing of another");
  await page.goto(`${url}?camera=laser/live`);
  await page.getByText("There is no camera 'laser/live': it was removed or renamed").waitFor();
  await page.goto(`${url}?view=wall`);
  await areLive(page, 1);
  await host.exchange([], async () => {
    host.add("camera_2", new TestCamera());
    await server.thingsChanged();
  });
  await areLive(page, 2);
});

test("the page says that the server is gone, and all is back by itself when the server is", {
  timeout,
}, async (t) => {
  const { server, host, url, port } = await laboratory(t, 1);
  const { page } = await openPage(t, BENCH);
  await page.goto(url);
  await areLive(page, 1);
  await page.evaluate("window.isSame = true");
  await server.close();
  const banner = page.locator("connection-banner [role=alert]");
  await banner.getByText("The server does not answer").waitFor();
  assert.match((await page.locator("dashboard-page header").textContent()) ?? "", /Server gone/);
  const again = new ThingHost({ settingsFolder: host.settingsFolder });
  again.add("camera_1", new TestCamera());
  await listen(t, again, port);
  const begun = performance.now();
  await banner.waitFor({ state: "detached" });
  await page.locator("thing-lamp", { hasText: "Live" }).first().waitFor();
  t.diagnostic(`back after ${Math.round(performance.now() - begun)} ms`);
  await page.getByText("1 Thing ready").waitFor();
  assert.equal(await page.evaluate("window.isSame"), true, "the same pages need no reload");
});

test("newer pages are loaded when the server is back with them; while something is typed, that is offered", {
  timeout,
}, async (t) => {
  const { server, host, url, port } = await laboratory(t, 1);
  const { page } = await openPage(t, BENCH);
  await page.goto(`${url}?view=wall`);
  await areLive(page, 1);
  await page.evaluate(`(() => {
    window.isSame = true;
    const form = document.body.appendChild(document.createElement("form"));
    form.appendChild(document.createElement("input"));
  })()`);
  await page.locator("body > form > input").fill("half of a sentence");
  await server.close();
  await page.locator("connection-banner [role=alert]").waitFor();
  await page.route(
    (address) => address.pathname === "/",
    async (route) => {
      const answer = await route.fetch();
      const body = (await answer.text()).replaceAll(/assets\/[\w-]+\//g, "assets/another/");
      await route.fulfill({ response: answer, body });
    },
    { times: 1 },
  );
  const again = new ThingHost({ settingsFolder: host.settingsFolder });
  again.add("camera_1", new TestCamera());
  await listen(t, again, port);
  const load = page.getByRole("button", { name: "Load it" });
  await load.waitFor();
  assert.equal(await page.evaluate("window.isSame"), true);
  await load.click();
  while (await page.evaluate("window.isSame").catch(() => true)) await page.waitForTimeout(50);
  await areLive(page, 1);
});

test("where there is no camera, the page says what it looked for, and how to get a picture", {
  timeout,
}, async (t) => {
  const host = new ThingHost({ settingsFolder: await temporaryFolder("thingscope-none-") });
  host.add("cameras", new Cameras());
  const { server, url } = await listen(t, host);
  const { page, complaints } = await openPage(t, BENCH);
  await page.goto(url);
  const said = page.locator("no-camera");
  await said.getByText("It looked for webcams").waitFor();
  await said.getByText("thingscope serve --simulated").waitFor();
  await said.getByText("Network camera (RTSP, ONVIF)").click();
  const yaml = said.locator("copy-field", { hasText: "class: thingscope/things:RtspCamera" });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await yaml.getByRole("button", { name: "Copy Configuration" }).click();
  await said.getByRole("button", { name: "Copied Configuration" }).waitFor();
  assert.equal(
    await page.evaluate("navigator.clipboard.readText()"),
    await yaml.locator("pre").textContent(),
  );
  assert.equal(await page.getByRole("button", { name: /Still|Focus|Stop/ }).count(), 0);
  await page.goto(`${url}?view=wall`);
  await said.waitFor();
  await host.exchange([], async () => {
    host.add("stage", new SimulatedStage());
    await server.thingsChanged();
  });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(url);
  await page.locator("stage-panel").waitFor();
  const { height } = (await said.boundingBox())!;
  const whole = await said.evaluate((it) => Number(Object(it).scrollHeight));
  assert.ok(Math.ceil(height) >= whole, `${height} of ${whole} pixels`);
  assert.deepEqual(complaints, []);
});

test("health, descriptions and what is not there are pages, readable on a telephone, with a way back", {
  timeout,
}, async (t) => {
  const { url } = await laboratory(t, 1);
  const { page } = await openPage(t, { width: 390, height: 844 });
  for (const [path, said] of [
    ["/health", "Thing 'laser' could not open"],
    ["/stage/", "move_relative"],
    ["/things/", "camera_1"],
    ["/thing_descriptions/", "Simulated stage"],
    ["/directory/things", "Simulated stage"],
    ["/.well-known/wot", "Directory of Things"],
    ["/nothing", "This server has nothing at /nothing"],
  ] as const) {
    await page.goto(url + path);
    await page.getByText(said).filter({ visible: true }).first().waitFor();
    const isWhole = await page.evaluate("document.documentElement.scrollWidth <= innerWidth");
    assert.ok(isWhole, `${path} is wider than a telephone`);
    await page.getByRole("link", { name: /^(Bench|Dashboard)$/ }).click();
    await page.locator("bench-view").waitFor();
  }
});
