import assert from "node:assert/strict";
import { test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { folderWith, serveCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { holdBack, openPage } from "./chromium.ts";
import { laboratory } from "./dashboard-server.ts";

const PHONE = { width: 390, height: 844 };

/** Elements of a page, as far as they are asked here: tests know no DOM. */
interface Shown {
  readonly scrollWidth: number;
  readonly clientWidth: number;
  readonly value?: string;
  readonly textContent: string;
}

/** Colours of an element's text and of its ground. */
function coloursOf(element: Locator): Promise<[string, string]> {
  return element.evaluate((it) => {
    const { color, backgroundColor } = Object(globalThis).getComputedStyle(it);
    return [color, backgroundColor];
  });
}

/** By WCAG 2: 1 where both are the same. */
function contrast(colours: readonly string[]): number {
  const [low = 0, high = 0] = colours.map(luminanceOf).sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function luminanceOf(colour: string): number {
  const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map((part) => {
    const share = Number(part) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Those of some elements whose text needs more room than they have. */
function cut(elements: Locator): Promise<string[]> {
  return elements.evaluateAll((all: unknown[]) =>
    all
      .map((it) => it as Shown)
      .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 1)
      .map(({ value, textContent }) => value ?? textContent.trim()),
  );
}

async function overlap(page: Page, one: Locator, other: Locator): Promise<boolean> {
  const [a, b] = await Promise.all([one.boundingBox(), other.boundingBox()]);
  assert.ok(a && b, page.url());
  const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return across > 0 && down > 0;
}

test("a button under the pointer can be read, a sentence of any length is whole, and the picture has an address to copy", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await serveCli(t, await folderWith({}));
  const { page, complaints } = await openPage(t, { width: 1440, height: 900 });
  page.setDefaultTimeout(TEST_MS);
  await page.goto(url);
  await page.locator("camera-view [data-state=streaming]").first().waitFor();
  const actions = page.locator("daily-actions");

  await actions.getByRole("button", { name: "Record", exact: true }).click();
  const end = actions.getByRole("button", { name: "End recording" });
  await end.hover();
  const colours = await coloursOf(end);
  assert.ok(contrast(colours) >= 4.5, `End recording: ${colours}`);
  await end.click();
  await actions.getByText(/^Recorded /).waitFor();
  assert.deepEqual(await cut(page.locator("stage-panel input[id]")), []);

  const body = JSON.stringify({ x: 100_000_000 });
  const headers = { "Content-Type": "application/json" };
  await fetch(`${url}/stage/move_relative`, { method: "POST", headers, body });
  await page.locator("stage-panel").getByText("Moving", { exact: true }).waitFor();
  await actions.getByRole("button", { name: "Stop" }).click();
  await actions.getByText("Stopped.").waitFor();
  await actions.getByRole("button", { name: "Stop" }).click();
  await actions.getByText("Nothing was moving.").waitFor();

  const sentence =
    "No focus in the sweep of 2000 steps: the sharpest frame was at its end. ".repeat(4);
  await actions.evaluate((it, said) => Object.assign(it, { said, isProblem: true }), sentence);
  const said = actions.locator(".said");
  await said.filter({ hasText: "No focus" }).waitFor();
  assert.deepEqual(await cut(said), []);
  for (const other of ["bench-view h1", "bench-view .what thing-lamp", "daily-actions .buttons"])
    assert.equal(await overlap(page, said, page.locator(other)), false, other);

  await page.getByRole("button", { name: "Address" }).click();
  const address = await page.getByLabel("Still", { exact: true }).inputValue();
  await fetch(`${url}/camera/mjpeg_stream/next?wait=60`); // the slide where the stage went takes a busy machine long
  const still = await fetch(address);
  assert.deepEqual([still.status, still.headers.get("content-type")], [200, "image/jpeg"]);
  await still.body?.cancel();

  const held = await holdBack(page, /\/capture_still$/);
  const take = actions.getByRole("button", { name: "Still" });
  await take.press("Enter");
  await said.filter({ hasText: /^Taking a still$/ }).waitFor();
  await actions.getByRole("button", { name: "Stop" }).click();
  await actions.getByText("Nothing was moving.").waitFor();
  await take.press("Enter");
  assert.equal(await take.getAttribute("aria-disabled"), "true");
  assert.equal(await take.evaluate((it) => Object(it).matches(":focus")), true);
  held.release();
  await actions.getByText(/is downloaded/).waitFor();
  assert.equal(held.count(), 1, "what has no answer yet is not asked for again");

  await page.setViewportSize(PHONE);
  await page.getByRole("button", { name: "Record", exact: true }).first().click();
  await end.waitFor();
  assert.deepEqual(await cut(actions.locator("button")), []);
  assert.deepEqual(complaints, []);
});

test("the lamp of the whole leads to the health page, where a telephone shows every reason whole", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await laboratory(t, 2);
  const { page, complaints } = await openPage(t, PHONE);
  await page.goto(url);
  await page.locator("dashboard-page .how", { hasText: "laser has a problem" }).click();
  await page.locator("health-document li", { hasText: "Thing 'laser' could not open" }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/health");
  const cells = page.locator("health-document :is(th, td, table)").filter({ visible: true });
  assert.ok((await cells.count()) > 10);
  assert.deepEqual(await cut(cells), []);
  const wide = await cells.evaluateAll((all) =>
    all.filter((it) => Object(it).getBoundingClientRect().right > Object(globalThis).innerWidth),
  );
  assert.equal(wide.length, 0, "nothing of it is beyond the edge");
  assert.deepEqual(complaints, []);
});

test("in the forced colours of a system, lamps, what is chosen and what records are told apart", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await laboratory(t, 1);
  const { page, complaints } = await openPage(t, { width: 1440, height: 900 });
  await page.emulateMedia({ forcedColors: "active" });
  await page.goto(`${url}/?view=things&thing=laser`);
  const looks = (selector: string, part = "") =>
    page
      .locator(selector)
      .first()
      .evaluate((it, name) => {
        const style = Object(globalThis).getComputedStyle(it, name);
        return [style.backgroundColor, style.boxShadow].join();
      }, part);
  const lamps = page.locator("things-view nav thing-lamp");
  await lamps.getByText("Failed", { exact: true }).waitFor();
  const all = ["failed", "live"].map((state) => looks(`thing-lamp [data-state=${state}]`));
  const ground = await looks("things-view main");
  assert.equal(new Set([...(await Promise.all(all)), ground]).size, 3, "lamps");
  for (const [chosen, other] of [
    ["dashboard-page nav a[aria-current]", "dashboard-page nav a:not([aria-current])"],
    ["things-view nav a[aria-current]", "things-view nav a:not([aria-current])"],
  ] as const)
    assert.notEqual(await looks(chosen), await looks(other), chosen);
  await page.goto(`${url}/?view=bench`);
  await page.locator("camera-view [data-state=streaming]").first().waitFor();
  const grid = page.locator("camera-view button[aria-pressed=false]").first();
  await grid.click();
  assert.notEqual(
    await looks("camera-view button[aria-pressed=true]"),
    await looks("camera-view button[aria-pressed=false]"),
    "tools of the picture",
  );
  assert.deepEqual(complaints, []);
});
