import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { property, Thing, ThingHost, ThingServer } from "thingscope";
import { SimulatedStage, TestCamera } from "thingscope/things";
import { Type } from "typebox";
import { TEST_MS } from "../limits.ts";
import { ActionBench } from "./action-bench.ts";
import { openPage } from "./chromium.ts";

const timeout = TEST_MS;

async function served(t: TestContext, things: Record<string, Thing>): Promise<string> {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  for (const [name, thing] of Object.entries(things)) host.add(name, thing);
  const server = new ThingServer(host);
  t.after(() => server.close());
  return (await server.listen({ port: 0 })).url;
}

class Archive extends Thing {
  @property("All that was ever measured", Type.String(), { readOnly: true })
  get all(): string {
    return "measured ".repeat(4_000_000);
  }
}

/** Opens an operation of the page. */
async function opened(page: Page, id: string): Promise<Locator> {
  const operation = page.locator(`#${id}`);
  if (!(await operation.locator("try-form").isVisible()))
    await operation.locator("summary").first().click();
  await operation.locator("try-form").waitFor();
  return operation;
}

async function send(operation: Locator): Promise<void> {
  await operation.getByRole("button", { name: "Send" }).click();
}

test("the API page explains an operation, gives its command, and tries it in fields", {
  timeout,
}, async (t) => {
  const url = await served(t, { stage: new SimulatedStage() });
  const { page, complaints } = await openPage(t);
  await page.goto(`${url}/docs#put_stage_backlash_steps`);
  const put = page.locator("#put_stage_backlash_steps");
  await put.locator("try-form").waitFor(); // its address opens it
  const words = (await put.locator(".schema").first().textContent()) ?? "";
  const described = words.replaceAll(/\s+/g, " ");
  assert.match(described, /x\* ?integer from 0 steps/);
  for (const [n, value] of ["7", "0", "0"].entries())
    await put.locator("schema-input input").nth(n).fill(value);
  assert.equal(
    await put.locator(".curl").textContent(),
    `curl -X PUT ${url}/stage/backlash_steps \\\n  -H 'Content-Type: application/json' \\\n  -d '{"x":7,"y":0,"z":0}'`,
  );
  await send(put);
  await put.locator(".status.good").waitFor();
  const stage = await (await fetch(`${url}/stage/backlash_steps`)).json();
  assert.deepEqual(stage, { x: 7, y: 0, z: 0 });
  assert.deepEqual(complaints, []);
  await page.fill("#filter", "backlash reset");
  await page.locator("#put_stage_backlash_steps").waitFor({ state: "hidden" });
  assert.equal(await page.locator("api-operation:visible").count(), 1);
});

test("an answer is shown for what it is: an invocation that goes on, a refusal beside its field, a picture, a file", {
  timeout,
}, async (t) => {
  const bench = new ActionBench();
  const url = await served(t, { bench, camera: new TestCamera() });
  const { page, complaints } = await openPage(t);
  await page.goto(`${url}/docs`);
  const measure = await opened(page, "post_bench_measure");
  await send(measure);
  await measure.locator(".message", { hasText: "step 1 of 4" }).waitFor();
  assert.match((await measure.locator(".headers").textContent()) ?? "", /location: http/);
  await measure.locator("invocation-view").getByRole("button", { name: "Cancel" }).click();
  await measure.locator('[data-status="cancelled"]').waitFor();

  const snapshot = await opened(page, "get_camera_mjpeg_stream_snapshot");
  await send(snapshot);
  const image = snapshot.locator("blob-view img");
  await image.waitFor();
  while ((await image.evaluate("it => it.naturalWidth", undefined)) === 0)
    await page.waitForTimeout(20);

  const asked = await fetch(`${url}/bench/table`, { method: "POST" });
  const table = Object(await asked.json());
  const blob = await opened(page, "get_action_invocations_id_output");
  await blob.locator("schema-input input").fill(table.id);
  await send(blob);
  await blob.locator(".status.good").waitFor();
  await blob.getByText("x,y").waitFor();
  assert.deepEqual(complaints, []);

  const level = await opened(page, "put_bench_level");
  await page.route("**/bench/level", async (route) => {
    await route.fulfill({ response: await route.fetch({ postData: "11" }) });
  });
  await level.locator("schema-input input").last().fill("5");
  await send(level);
  await level.locator(".status.bad").waitFor();
  const beside = level.locator("schema-input .problem");
  assert.match((await beside.textContent()) ?? "", /less than or equal to 10, but is 11/);
});

test("what comes one by one is a live list, a stream is a picture, and what waits is cancelled", {
  timeout,
}, async (t) => {
  const bench = new ActionBench();
  const url = await served(t, { bench, camera: new TestCamera() });
  const { page, complaints } = await openPage(t);
  await page.goto(`${url}/docs`);
  const events = await opened(page, "get_bench_said");
  await send(events);
  await events.locator("server-events").waitFor();
  for (const words of ["one", "two"]) bench.said.emit(words);
  await events.locator("li").nth(0).filter({ hasText: "two" }).waitFor();
  await events.locator("li").nth(1).filter({ hasText: "one" }).waitFor();
  await events.getByRole("button", { name: "Cancel" }).click();
  await events.getByText("Cancelled.").waitFor();

  const next = await opened(page, "get_bench_said_next");
  await send(next);
  await next.getByRole("button", { name: "Cancel" }).click();
  await next.getByText("Cancelled.").waitFor();

  const stream = await opened(page, "get_camera_mjpeg_stream");
  await send(stream);
  const image = stream.locator("img[alt='The stream']");
  await image.waitFor();
  while ((await image.evaluate("it => it.naturalWidth", undefined)) === 0)
    await page.waitForTimeout(20);
  await stream.getByRole("button", { name: "Cancel" }).click();
  await image.waitFor({ state: "detached" });
  assert.deepEqual(complaints, []);
});

test("of an answer of any size the beginning is shown, and the page goes on; one that is cancelled in the middle is ended", {
  timeout,
}, async (t) => {
  const bench = new ActionBench();
  const url = await served(t, { archive: new Archive(), bench });
  const { page, complaints } = await openPage(t);
  await page.goto(`${url}/docs`);
  const all = await opened(page, "get_archive_all");
  await send(all);
  await all.getByText("The answer is larger than 16 MiB: no more of it was read.").waitFor();
  const text = (await all.locator("pre.text").textContent()) ?? "";
  assert.match(text, /^"measured measured .* more characters$/s);
  assert.ok(text.length < 25_000, `${text.length} characters`);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    all.getByRole("link", { name: "Download it" }).click(),
  ]);
  await download.cancel();
  const wait = await opened(page, "post_bench_wait");
  await wait.locator("schema-input input").last().fill("100000");
  await send(wait);
  await wait.getByRole("button", { name: "Cancel" }).click();
  await wait.getByText("Cancelled.").waitFor();
  while (!bench.done.includes("wait cancelled")) await page.waitForTimeout(20);
  assert.deepEqual(complaints, []);
});

test("a Thing's section is found by its address, whatever the Thing is called; the page fits a telephone", {
  timeout,
}, async (t) => {
  const names = ["zebra", "filter", "sections", "Server2"];
  const url = await served(
    t,
    Object.fromEntries(names.map((name) => [name, new SimulatedStage()])),
  );
  const { page, complaints } = await openPage(t);
  for (const name of ["filter", "sections"]) {
    await page.goto(`${url}/docs#section:${name}`);
    const heading = page.locator(`main h1:text-is("${name}")`);
    await heading.waitFor();
    const { y = -1 } = (await heading.boundingBox()) ?? {};
    assert.ok(y >= 0 && y < 400, `${name} is at ${y}`);
  }
  await page.fill("#filter", "sections/jog");
  await page.locator("#get_sections_").waitFor({ state: "hidden" });
  assert.equal(await page.locator("api-operation:visible").count(), 2);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${url}/docs#post_zebra_move_absolute`);
  await page.reload();
  await page.locator("#post_zebra_move_absolute try-form").waitFor();
  assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"));
  assert.deepEqual(complaints, []);
});
