import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Page } from "playwright-core";
import { Thing, ThingHost, ThingServer } from "thingscope";
import { SimulatedStage, TestCamera } from "thingscope/things";
import { TEST_MS } from "../limits.ts";
import { recorderFor } from "../things/recorder-server.ts";
import { openPage } from "./chromium.ts";

const timeout = TEST_MS;

class Laser extends Thing {
  override open(): void {
    throw new Error("The laser does not answer. Plug it in.");
  }
}

async function laboratory(test: TestContext, cameras: number) {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  for (let n = 1; n <= cameras; n++) host.add(`camera_${n}`, new TestCamera());
  host.add("stage", new SimulatedStage());
  host.add("laser", new Laser());
  const server = new ThingServer(host);
  test.after(() => server.close());
  return { server, ...(await server.listen({ port: 0 })) };
}

/** A way to the server on which connections are counted. */
async function countingWay(test: TestContext, port: number) {
  let open = 0;
  const counts: number[] = [];
  const way = createServer((client) => {
    counts.push(++open);
    const onward = connect(port, "127.0.0.1");
    client.pipe(onward).pipe(client);
    client.on("error", () => onward.destroy());
    onward.on("error", () => client.destroy());
    client.on("close", () => open--);
  });
  await new Promise<void>((resolve) => way.listen(0, "127.0.0.1", resolve));
  test.after(() => way.close());
  const address = way.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { url: `http://127.0.0.1:${address.port}`, most: () => Math.max(...counts) };
}

async function isWhole(page: Page): Promise<boolean> {
  return page.evaluate("document.documentElement.scrollWidth <= innerWidth");
}

test("the first page shows pictures of eight cameras over four connections at most, and says what failed and why", {
  timeout,
}, async (t) => {
  const { port } = await laboratory(t, 8);
  const { url, most } = await countingWay(t, port);
  const { page, complaints } = await openPage(t);
  await page.goto(url);
  await page.waitForSelector('.card[data-state="failed"]');
  const failed = await page.textContent('.card[data-state="failed"]');
  assert.match(failed ?? "", /laser.*could not open.*The laser does not answer\. Plug it in\./s);
  assert.match(
    (await page.textContent("#summary")) ?? "",
    /9 of 10 Things are open, 1 has a problem$/,
  );
  for (let n = 1; n <= 8; n++) {
    const picture = page.locator(`.card:has-text("camera_${n}") .picture`);
    await picture.scrollIntoViewIfNeeded();
    await picture.locator("img").waitFor();
  }
  assert.ok(most() <= 4, `${most()} connections at once`);
  assert.deepEqual(complaints, []);
  await page.click('.card:has-text("camera_1") >> text=Watch');
  assert.equal(new URL(page.url()).pathname, "/camera_1/mjpeg_stream/viewer");
});

test("a picture that is not renewed is not shown as if it were, and the server is missed", {
  timeout,
}, async (t) => {
  const { server, url } = await laboratory(t, 1);
  const { page } = await openPage(t);
  await page.goto(url);
  await page.locator(".picture img").waitFor();
  await server.close();
  await page.waitForSelector(".picture.old");
  assert.match((await page.textContent(".picture .age")) ?? "", /^STALE \d+ s$/);
  assert.match((await page.textContent(".picture .note")) ?? "", /The server does not answer/);
  assert.match((await page.textContent("#summary")) ?? "", /The server does not answer/);
});

test("the first page fits a telephone, and asks no other server for anything", {
  timeout,
}, async (t) => {
  const { url } = await laboratory(t, 2);
  const { page, complaints } = await openPage(t, { width: 390, height: 844 });
  const elsewhere: string[] = [];
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(url))
      elsewhere.push(request.url());
  });
  await page.goto(url);
  await page.waitForSelector(".card");
  assert.ok(await isWhole(page), "the first page is too wide");
  assert.deepEqual([elsewhere, complaints], [[], []]);
});

test("the first page shows the newest recordings with their posters, and downloads them", {
  timeout,
}, async (t) => {
  const { recorder, url, host } = await recorderFor(t);
  const { page, complaints } = await openPage(t);
  await page.goto(url);
  await page.waitForSelector('.card[data-state="open"]');
  assert.equal(await page.isVisible("#recordings"), false);
  await host.get("recorder").invoke("capture_still", { name: "cell", settle: false }).ended;
  await host.get("recorder").invoke("start_recording", { name: "nest" }).ended;
  await page.waitForSelector("#recordings .growing");
  await host.get("recorder").invoke("stop_recording", undefined).ended;
  await page.waitForSelector("#recordings li:not(.growing) time");
  const areShown = `(() => {
    const posters = [...document.querySelectorAll("#recordings img")];
    return posters.length === 2 && posters.every(({ naturalWidth }) => naturalWidth > 0);
  })()`;
  await page.evaluate("document.querySelector('#recordings').scrollIntoView()");
  while (!(await page.evaluate(areShown))) await page.waitForTimeout(50);
  const names = await page.locator("#recordings .name").allTextContents();
  assert.deepEqual(names.toSorted(), ["cell.jpg", "nest.mkv"]);
  const downloading = page.waitForEvent("download");
  await page.click('#recordings .name:has-text("nest.mkv")');
  assert.equal((await downloading).suggestedFilename(), "nest.mkv");
  await page.setViewportSize({ width: 390, height: 844 });
  assert.ok(await isWhole(page));
  assert.deepEqual(complaints, []);
  assert.equal(recorder.recordings.length, 2);
});
