// What runs, and what became of it, as a browser shows it.
import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { ThingHost, ThingServer } from "thingscope";
import { TEST_MS } from "../limits.ts";
import { ActionBench, HOSTILE } from "./action-bench.ts";
import { openPage } from "./chromium.ts";
import { ANSWERED, described, foreignServer } from "./foreign-server.ts";

const timeout = TEST_MS;

/** A bench, and a page that shows it; `assertQuiet` says that nothing but what was asked for has happened in it. */
async function benchPage(t: TestContext) {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  const bench = new ActionBench();
  host.add("bench", bench);
  const server = new ThingServer(host);
  t.after(() => server.close());
  const { url } = await server.listen({ port: 0 });
  const { page, complaints } = await openPage(t);
  page.setDefaultTimeout(TEST_MS); // a busy machine loads a page slowly
  page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`));
  await page.goto(`${url}/`);
  await page.click('button:has-text("Action bench")');
  await page.locator("action-form").first().waitFor();
  const assertQuiet = async (isExpected = (_: string) => false) => {
    assert.deepEqual(
      complaints.filter((complaint) => !isExpected(complaint)),
      [],
    );
    assert.equal(await page.evaluate("window.hacked ?? null"), null);
  };
  return { page, bench, host, url, assertQuiet, form: (title: string) => formOf(page, title) };
}

function formOf(page: Page, title: string): Locator {
  return page.locator("action-form", {
    has: page.locator(`button[type=submit]:text-is(${JSON.stringify(title)})`),
  });
}

/** Presses the button of an action. */
async function run(form: Locator): Promise<void> {
  await form.locator("button[type=submit]").click();
}

test("an action shows how far it is and what it logs, and its points as a curve; hostile words stay words", {
  timeout,
}, async (t) => {
  const { page, bench, form, assertQuiet } = await benchPage(t);
  const measure = form("Measure");
  await run(measure);
  await measure.getByText("step 1 of 4").waitFor();
  assert.equal(await measure.locator("progress").getAttribute("value"), "0.25");
  bench.steps.shift()?.();
  await measure.getByText("step 2 of 4").waitFor();
  const log = await measure.locator(".log div").allTextContents();
  assert.deepEqual(log, [`step 1 ${HOSTILE}`, `step 2 ${HOSTILE}`]);
  assert.match((await measure.locator("header .number").textContent()) ?? "", /^\d+\.\d s$/);
  while (!bench.done.includes("measure")) {
    bench.steps.shift()?.();
    await page.waitForTimeout(20);
  }
  await measure.locator('[data-status="completed"]').waitFor();
  await measure.getByText("40 points").waitFor();
  await measure.locator("canvas").waitFor();
  const hostile = form(HOSTILE);
  await run(hostile);
  await hostile.locator('[data-status="failed"]').waitFor();
  const problem = await hostile.locator(".problem").textContent();
  assert.equal(problem, `The lamp is broken. ${HOSTILE}`);
  await assertQuiet();
});

test("several run at once; a page that is loaded again goes on with what runs, and cancels it", {
  timeout,
}, async (t) => {
  const { page, bench, host, form, assertQuiet } = await benchPage(t);
  await run(form("Measure"));
  await run(form("Measure"));
  await form("Measure").locator('[data-status="running"]').nth(1).waitFor();
  await page.reload();
  const card = page.locator('button:has-text("Action bench")');
  if ((await card.getAttribute("aria-expanded")) === "false") await card.click();
  const running = form("Measure").locator("invocation-view", { has: page.locator("progress") });
  await running.nth(1).waitFor();
  bench.steps.shift()?.();
  await form("Measure").getByText("step 2 of 4").waitFor();
  assert.match((await running.nth(1).locator(".log").textContent()) ?? "", /step 1 .*step 2 /s);
  await running.nth(1).getByRole("button", { name: "Cancel" }).click();
  await running.nth(0).getByRole("button", { name: "Cancel" }).click();
  await form("Measure").getByText("Before: 2").waitFor();
  const statuses = host.invocations.list({ thing: "bench" }).map(({ status }) => status);
  assert.deepEqual(statuses, ["cancelled", "cancelled"]);
  await form("Measure").getByText("Before: 2").click();
  await form("Measure").locator("li summary").first().click();
  await form("Measure").locator("li .log").waitFor();
  await assertQuiet();
});

test("two tabs begin an action at once, see both runs, and cancel each at once: both are cancelled, and neither tab complains", {
  timeout,
}, async (t) => {
  const { page, host, form, assertQuiet } = await benchPage(t);
  const other = await page.context().browser()!.newPage();
  other.setDefaultTimeout(TEST_MS);
  await other.goto(page.url());
  const tabs = [form("Measure"), formOf(other, "Measure")];
  const card = other.locator('button:has-text("Action bench")');
  if ((await card.getAttribute("aria-expanded")) === "false") await card.click();
  await Promise.all(tabs.map(run));
  for (const tab of tabs) {
    const runs = tab.locator('[data-status="running"]');
    while ((await runs.count()) < 2) {
      await tab.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
      await page.waitForTimeout(100);
    }
  }
  const cancel = (tab: Locator) => tab.getByRole("button", { name: "Cancel" });
  const press = (buttons: unknown[]) => {
    for (const button of buttons) Object(button).click();
  };
  await Promise.all(tabs.map((tab) => cancel(tab).evaluateAll(press)));
  for (const tab of tabs) while ((await cancel(tab).count()) > 0) await page.waitForTimeout(50);
  const statuses = host.invocations.list({ thing: "bench" }).map(({ status }) => status);
  assert.deepEqual(statuses, ["cancelled", "cancelled"]);
  for (const tab of tabs) assert.deepEqual(await tab.locator(".problem").allTextContents(), []);
  // The later of two may hear that the run has ended already, which the browser's console tells, too.
  await assertQuiet((complaint) => /status of 503/.test(complaint));
});

test("a run that another client begins appears when the page is shown again", {
  timeout,
}, async (t) => {
  const { page, host, form } = await benchPage(t);
  host.get("bench").invoke("measure", { steps: 3 });
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  await form("Measure").getByText("step 1 of 3").waitFor();
  host.invocations.list({ thing: "bench" })[0]?.cancel();
  await form("Measure").getByText("Before: 1").waitFor();
});

test("a picture is shown, another file is downloaded, and what deletes is clicked twice", {
  timeout,
}, async (t) => {
  const { page, bench, form, assertQuiet } = await benchPage(t);
  await run(form("Picture"));
  const picture = form("Picture").locator("img");
  await picture.waitFor();
  while ((await picture.evaluate("it => it.naturalWidth", undefined)) === 0)
    await page.waitForTimeout(20);
  await run(form("Table"));
  const downloading = page.waitForEvent("download");
  await form("Table").getByText("Download").click();
  assert.match((await downloading).suggestedFilename(), /\.csv$/);
  const remove = page.locator("action-form", { hasText: "Delete all that was measured" });
  await run(remove);
  assert.deepEqual(bench.done, []);
  await run(remove);
  await remove.locator('[data-status="completed"]').waitFor();
  assert.deepEqual(bench.done, ["delete_all"]);
  await assertQuiet();
});

test("what the server refuses is told beside the field that it names; a synchronous action is cancelled", {
  timeout,
}, async (t) => {
  const { page, bench, host, form } = await benchPage(t);
  const wait = form("Wait");
  await wait.locator("input").fill("100000");
  await run(wait);
  await wait.getByRole("button", { name: "Cancel" }).click();
  await wait.locator('[data-status="cancelled"]').waitFor();
  while (!bench.done.includes("wait cancelled")) await page.waitForTimeout(20);
  // Limits have moved since the description was read: what is sent then is the server's to refuse.
  await page.route("**/bench/set_pair", async (route) => {
    const body = JSON.stringify({ pair: { low: 1, high: "much" } });
    await route.fulfill({ response: await route.fetch({ postData: body }) });
  });
  const pair = form("Set pair");
  await pair.locator("input").nth(0).fill("1");
  await pair.locator("input").nth(1).fill("2");
  await run(pair);
  const said = pair.locator('schema-input[class~="input"] .problem');
  await said.waitFor();
  assert.match(
    (await said.textContent()) ?? "",
    /'pair\.high' should be an integer, but is 'much'/,
  );
  const isBeside = await said.evaluate((it) => {
    const label = Object(it).getRootNode().host.label;
    return label;
  });
  assert.equal(isBeside, "High");
  await pair.locator("input").nth(1).fill("3");
  await said.waitFor({ state: "detached" });
  assert.equal(host.invocations.list({ thing: "bench", action: "set_pair" }).length, 0);
});

test("events are listed as they happen, by name, and stand still while the list is paused", {
  timeout,
}, async (t) => {
  const { page, bench, form, assertQuiet } = await benchPage(t);
  const list = page.locator("event-list");
  await list.getByText("Nothing has happened").waitFor();
  await list.getByText("Not connected").waitFor({ state: "detached" });
  await run(form("Measure"));
  await list.locator("li", { hasText: "Measured" }).waitFor();
  bench.said.emit(HOSTILE);
  await list.locator("li", { hasText: HOSTILE }).waitFor();
  assert.match((await list.locator("li").first().textContent()) ?? "", /\d\d:\d\d:\d\d.*Said/s);
  await list.getByRole("button", { name: "Said" }).click();
  assert.equal(await list.locator("li").count(), 1);
  await list.getByRole("button", { name: "Pause" }).click();
  bench.steps.shift()?.();
  await form("Measure").getByText("step 2 of 4").waitFor();
  assert.equal(await list.locator("li").count(), 1);
  await list.getByRole("button", { name: "Go on" }).click();
  await list.locator("li").nth(1).waitFor();
  await assertQuiet();
});

test("five hundred events a second are shown a few times a second, and leave the page time for its controls", {
  timeout,
}, async (t) => {
  const data = { type: "object", properties: { n: { type: "integer" } } };
  const form = { href: "events/burst", subprotocol: "sse", contentType: "text/event-stream" };
  const server = await foreignServer(
    t,
    described({ level: { type: "number" } }, { events: { burst: { data, forms: [form] } } }),
    { level: 1 },
  );
  let n = 0;
  server.handlers.set("GET events/burst", (_, __, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const next = () => `event: burst\ndata: {"n": ${++n}}\n\n`;
    const emitting = setInterval(
      () => response.write(Array.from({ length: 5 }, next).join("")),
      10,
    );
    response.on("close", () => clearInterval(emitting));
    return ANSWERED;
  });
  const { page } = await openPage(t);
  await page.goto(server.origin);
  await page.getByText("Connected", { exact: true }).waitFor();
  const [told = 0, heard = 0, kept] = await page.evaluate<number[]>(`(async () => {
    const { thing } = document.querySelector("thing-view").renderRoot.querySelector("property-control");
    let [told, heard] = [0, 0];
    thing.addEventListener("change", () => told++);
    await new Promise((resolve) => thing.addEventListener("happened", () => ++heard >= 500 && resolve()));
    return [told, heard, thing.events.length];
  })()`);
  assert.ok(told < heard / 4, `${told} renderings for ${heard} events`);
  assert.equal(kept, 100);
  const field = page.locator("property-control input");
  await field.fill("7");
  await field.press("Enter");
  while (server.writes.length === 0) await page.waitForTimeout(20);
  assert.deepEqual(server.writes, [["level", 7]]);
});
