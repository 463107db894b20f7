import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { ThingHost, ThingServer } from "thingscope";
import { TEST_MS } from "../limits.ts";
import { openPage } from "./chromium.ts";
import { EveryControl } from "./every-control.ts";

const timeout = TEST_MS;

async function pageOfControls(t: TestContext) {
  const thing = new EveryControl();
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("kinds", thing);
  const server = new ThingServer(host);
  t.after(() => server.close());
  const { url } = await server.listen({ port: 0 });
  const { page, complaints } = await openPage(t, { width: 1440, height: 900 });
  await page.goto(`${url}/?view=things&thing=kinds`);
  const more = page.getByRole("button", { name: /^Show all/ });
  await more.waitFor();
  await more.click();
  return { thing, page, complaints, url };
}

/** The control of a property. */
function controlOf(page: Page, title: string): Locator {
  return page.locator("property-control").filter({ has: page.getByText(title, { exact: true }) });
}

/** Resolves when the Thing has a value, and says what it has when it does not come. */
async function has(read: () => unknown, expected: unknown): Promise<void> {
  const end = performance.now() + TEST_MS / 3;
  for (;;) {
    try {
      return assert.deepEqual(read(), expected);
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

test("each kind of control is set by mouse or keyboard, and what was set reaches the Thing", {
  timeout,
}, async (t) => {
  const { thing, page, complaints } = await pageOfControls(t);

  await page.getByRole("switch", { name: "Light" }).click();
  await has(() => thing.light, true);

  const brightness = page.getByRole("slider", { name: "Brightness" });
  await brightness.focus();
  await page.keyboard.press("End");
  await has(() => thing.brightness, 255);
  await page.keyboard.press("ArrowLeft");
  await has(() => thing.brightness, 254);
  await controlOf(page, "Brightness").getByRole("button", { name: "Default: 100" }).click();
  await has(() => thing.brightness, 100);

  const exposure = page.getByRole("spinbutton", { name: "Exposure" });
  await exposure.fill("12.5");
  await exposure.press("Enter");
  await has(() => thing.exposure, 12.5);
  const box = (await page.getByRole("slider", { name: "Exposure" }).boundingBox())!;
  await page.mouse.click(box.x + box.width - 1, box.y + box.height / 2);
  await has(() => thing.exposure, 10_000);

  await page.getByRole("spinbutton", { name: "Offset" }).press("ArrowUp");
  await has(() => thing.offset, 2.5);

  await page.getByRole("combobox", { name: "Colour" }).selectOption("Blue light");
  await has(() => thing.colour, 3);
  await page.getByRole("radio", { name: "off" }).click();
  await has(() => thing.focus, "off");

  const user = page.getByRole("textbox", { name: "User" });
  await user.fill("Grace");
  await user.press("Tab");
  await has(() => thing.user, "Grace");
  await page.getByRole("textbox", { name: "Notes" }).fill("first\nsecond");
  await page.keyboard.press("Control+Enter");
  await has(() => thing.notes, "first\nsecond");

  const heights = page.getByRole("textbox", { name: "Heights" });
  await heights.fill("1, 2.5; 3");
  await heights.press("Enter");
  await has(() => thing.heights, [1, 2.5, 3]);

  const anything = page.getByRole("textbox", { name: "Anything" });
  await anything.fill("42");
  await anything.press("Enter");
  await has(() => thing.anything, 42);

  assert.deepEqual(complaints, []);
});

test("values of several parts are entered field by field, and sent as a whole", {
  timeout,
}, async (t) => {
  const { thing, page, complaints } = await pageOfControls(t);

  const target = controlOf(page, "Target");
  await target.getByRole("spinbutton", { name: "x" }).fill("10");
  await target.getByRole("spinbutton", { name: "z" }).fill("-3");
  assert.deepEqual(thing.target, { x: 0, y: 0, z: 0 });
  await target.getByRole("button", { name: "Set", exact: true }).click();
  await has(() => thing.target, { x: 10, y: 0, z: -3 });

  const corner = controlOf(page, "Corner");
  await corner.getByRole("spinbutton", { name: "Corner 2" }).fill("7");
  await corner.getByRole("button", { name: "Set", exact: true }).click();
  await has(() => thing.corner, [1, 7]);

  const samples = controlOf(page, "Samples");
  await samples.getByRole("button", { name: "Move down item 1 of Samples" }).click();
  await samples.getByRole("button", { name: "Add to Samples" }).click();
  await samples.getByRole("textbox", { name: "Samples 3" }).fill("c");
  await samples.getByRole("button", { name: "Remove item 2 of Samples" }).click();
  await samples.getByRole("button", { name: "Set", exact: true }).click();
  await has(() => thing.samples, ["b", "c"]);

  const plan = controlOf(page, "Plan");
  await plan.getByRole("button", { name: "Add to Stops" }).click();
  await plan.getByRole("spinbutton", { name: "x" }).fill("1");
  await plan.getByRole("button", { name: "Set", exact: true }).click();
  await plan.getByText("Fill it in.").first().waitFor();
  assert.equal(thing.plan.stops.length, 0, "what is not complete is not sent");
  for (const axis of ["y", "z"]) await plan.getByRole("spinbutton", { name: axis }).fill("2");
  await plan.getByRole("radio", { name: "red" }).click();
  await plan.getByRole("button", { name: "Set", exact: true }).click();
  const stop = { at: { x: 1, y: 2, z: 2 }, light: "red" };
  await has(() => thing.plan, { name: "First", repeat: 2, stops: [stop] });

  const interval = controlOf(page, "Interval");
  await interval.getByRole("radio", { name: "Whole number" }).click();
  await interval.getByRole("spinbutton", { name: "Interval" }).fill("5");
  await interval.getByRole("button", { name: "Set", exact: true }).click();
  await has(() => thing.interval, 5);

  const labels = controlOf(page, "Labels");
  await labels.getByRole("textbox", { name: /^Name of a new field/ }).fill("cell");
  await labels.getByRole("button", { name: "Add field" }).click();
  await labels.getByRole("textbox", { name: "cell" }).fill("HeLa");
  await labels.getByRole("button", { name: "Set", exact: true }).click();
  await has(() => thing.labels, { cell: "HeLa" });
  assert.deepEqual(complaints, []);
});

test("a control shows what is true: what others set, what was refused and why, and nothing over what is being typed", {
  timeout,
}, async (t) => {
  const { thing, page } = await pageOfControls(t);
  const speed = page.getByRole("spinbutton", { name: "Speed" });
  await speed.fill("80");
  await speed.press("Enter");
  const refusal = "The motor does not turn at 80. Choose 50 or less.";
  await controlOf(page, "Speed").getByRole("alert").filter({ hasText: refusal }).waitFor();
  assert.equal(await speed.inputValue(), "10");

  await speed.fill("300");
  await controlOf(page, "Speed").getByText("At most 100.").waitFor();
  await speed.press("Escape");
  assert.equal(await speed.inputValue(), "10");

  const user = page.getByRole("textbox", { name: "User" });
  await user.fill("Gra");
  thing.user = "Somebody else";
  thing.offset = 9.25;
  const offset = page.getByRole("spinbutton", { name: "Offset" });
  while ((await offset.inputValue()) !== "9.25") await page.waitForTimeout(20);
  assert.equal(await user.inputValue(), "Gra", "what is being typed stays");
  await user.press("Escape");
  assert.equal(await user.inputValue(), "Somebody else");
});

test("a slider that is held stays in the hand while others set its value, and what it is let go at is set", {
  timeout,
}, async (t) => {
  const { thing, page } = await pageOfControls(t);
  const slider = page.getByRole("slider", { name: "Brightness" });
  const number = page.getByRole("spinbutton", { name: "Brightness" });
  const box = (await slider.boundingBox())!;
  await page.mouse.move(box.x + 4, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2, { steps: 3 });
  const held = Number(await slider.inputValue());
  await has(() => thing.brightness, held);
  thing.brightness = 250;
  thing.offset = 3.25; // told after it
  const offset = page.getByRole("spinbutton", { name: "Offset" });
  while ((await offset.inputValue()) !== "3.25") await page.waitForTimeout(20);
  assert.equal(Number(await slider.inputValue()), held);
  await page.mouse.up();
  await has(() => thing.brightness, held);
  thing.brightness = 7;
  while ((await number.inputValue()) !== "7") await page.waitForTimeout(20);
});

test("names, texts and values of a Thing run no script", { timeout }, async (t) => {
  const { page, complaints } = await pageOfControls(t);
  await page.getByText("<script>window.hacked=1</script>").first().waitFor();
  assert.equal(await page.evaluate("window.hacked"), undefined);
  assert.equal(await page.locator("img[src=x]").count(), 0);
  assert.deepEqual(complaints, []);
});
