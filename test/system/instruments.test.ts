import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { delay, detachedInvocation, ThingHost, ThingServer } from "thingscope";
import {
  Autofocus,
  CameraStageMapping,
  Scan,
  SimulatedCamera,
  SimulatedStage,
} from "../../things/index.ts";
import { STEPS_PER_PIXEL } from "../../things/optics/simulated-optics.ts";
import { patience, TEST_MS } from "../limits.ts";
import { openPage } from "./chromium.ts";

const timeout = TEST_MS;
/** The mapping that this microscope has, as calibrate_xy measures it. */
const CALIBRATED = {
  image_to_stage_displacement_matrix: [
    [0, STEPS_PER_PIXEL],
    [STEPS_PER_PIXEL, 0],
  ],
  image_resolution: [600, 800],
  pixel_size_um: 0.4,
  backlash_steps: { x: 0, y: 0 },
  axis_inverted: { x: false, y: false },
  calibrated: "2026-01-01T00:00:00Z",
};

test("the instruments of the page", { timeout }, async (outer) => {
  const { server, stage, mapping, url } = await serve();
  outer.after(() => server.close());
  const { page, complaints } = await openPage(outer, { width: 1440, height: 900 });
  page.setDefaultTimeout(TEST_MS); // a busy machine computes the pictures of a focus slowly
  await page.goto(url);

  /** The stage is at its origin, and the page shows it. */
  async function start(): Promise<void> {
    await stage.move_absolute({ x: 0, y: 0, z: 0 }, detachedInvocation());
    for (const axis of ["x", "y", "z"]) await shows(page, axis, 0);
  }

  await outer.test(
    "one click moves the stage, and the panel shows where it is",
    { timeout },
    async () => {
      await start();
      await page.getByRole("button", { name: "Move +x" }).click();
      await page.locator('stage-panel [data-axis="x"]', { hasText: /^100$/ }).waitFor();
      assert.deepEqual(stage.position, { x: 100, y: 0, z: 0 });
      await page.locator("stage-panel").getByText("10 µm").first().waitFor();
    },
  );

  await outer.test(
    "arrow keys and PageUp move it, with Shift ten times, from the panel and the picture",
    {
      timeout,
    },
    async () => {
      await start();
      await page.getByRole("button", { name: "Move +x" }).focus();
      await page.keyboard.press("ArrowLeft");
      await shows(page, "x", -100);
      await page.locator("camera-view .view").focus();
      await page.keyboard.press("Shift+ArrowDown");
      await shows(page, "y", 1000);
      await page.keyboard.press("PageUp");
      await shows(page, "z", 50);
    },
  );

  await outer.test(
    "held, a button goes on until it is let up; Stop ends any move",
    { timeout },
    async () => {
      await start();
      const button = page.getByRole("button", { name: "Move +x" });
      await button.hover();
      await page.mouse.down();
      await page.locator('stage-panel [data-axis="x"]', { hasText: /\d{4}/ }).waitFor();
      await page.mouse.up();
      await page.locator("stage-panel").getByText("Not moving").waitFor();
      assert.equal(stage.moving, false);
      const other = stage.move_relative({ x: -1_000_000 }, detachedInvocation());
      const stopped = assert.rejects(other, /was stopped/);
      await page.locator("stage-panel").getByText("Moving", { exact: true }).waitFor();
      await page.locator("stage-panel").getByRole("button", { name: "Stop" }).click();
      await stopped;
    },
  );

  await outer.test("go to, and a refusal in the server's sentence", { timeout }, async () => {
    await start();
    await page.getByLabel("Go to y, steps").fill("-321");
    await page.keyboard.press("Enter");
    await shows(page, "y", -321);
    await page.getByLabel("Go to x, steps").fill("50 µm");
    await page.keyboard.press("Enter");
    await shows(page, "x", 500);
    await page.getByLabel("Go to y, steps").fill("far");
    await page.keyboard.press("Enter");
    await page.locator("stage-panel .problem", { hasText: "'far' is no place on y" }).waitFor();
    await page.getByLabel("Go to y, steps").fill("1e300");
    await page.keyboard.press("Enter");
    await page.locator("stage-panel .problem", { hasText: "'move_absolute'" }).waitFor();
  });

  await outer.test(
    "a place that is clicked comes to the middle; with Shift the sample is dragged",
    {
      timeout,
    },
    async () => {
      await start();
      await page.locator("camera-view .scale-bar").waitFor();
      const canvas = await page.locator("camera-view canvas.picture").boundingBox();
      assert.ok(canvas);
      const at = (x: number, y: number) => ({
        x: canvas.x + (x / 800) * canvas.width,
        y: canvas.y + (y / 600) * canvas.height,
      });
      const place = at(500, 250);
      await page.mouse.click(place.x, place.y);
      await near(page, { x: 100 * STEPS_PER_PIXEL, y: -50 * STEPS_PER_PIXEL });
      const [from, to] = [at(400, 300), at(350, 300)];
      await page.keyboard.down("Shift");
      await page.mouse.move(from.x, from.y);
      await page.mouse.down();
      await page.mouse.move(to.x, to.y, { steps: 5 });
      await page.mouse.up();
      await page.keyboard.up("Shift");
      await near(page, { x: 150 * STEPS_PER_PIXEL, y: -50 * STEPS_PER_PIXEL });
    },
  );

  await outer.test(
    "Focus draws its curve as it is measured, and marks the peak",
    { timeout },
    async () => {
      await start();
      await page.locator("autofocus-panel").getByLabel("Range").fill("12000"); // time for many frames
      await page.locator("autofocus-panel").getByRole("button", { name: "Focus" }).click();
      const plot = page.locator("focus-plot .plot");
      await plot.and(page.locator('[aria-label*="peak at"]')).waitFor();
      await page.locator("autofocus-panel").getByText("Focused at z = ").waitFor();
      assert.equal(await plot.locator("canvas").count(), 1);
    },
  );

  await outer.test(
    "a scan lays its tiles on a map as they come; a click on one goes there; a new page shows them",
    {
      timeout,
    },
    async () => {
      await start();
      const panel = page.locator("scan-panel");
      await page.getByRole("button", { name: "Scan", expanded: false }).click();
      await panel.getByLabel("Columns").fill("2");
      await panel.getByLabel("Rows").fill("1");
      await panel.getByLabel("Focus").selectOption("none");
      await panel.getByRole("button", { name: "Preview" }).click();
      await panel.getByText("2 × 1 tiles").waitFor();
      await panel.getByRole("button", { name: "Scan", exact: true }).click();
      await panel.getByText("Done, 2 of 2 tiles").waitFor();
      await panel.getByRole("button", { name: "Go to row 1, column 2" }).click();
      await near(page, { x: 320 * STEPS_PER_PIXEL, y: 0 });
      await page.reload();
      await panel.getByText("Done, 2 of 2 tiles").waitFor();
    },
  );
  await outer.test(
    "a click in a picture of another shape than the calibrated one does not move the stage, and says why",
    { timeout },
    async () => {
      mapping.last_calibration = { ...CALIBRATED, image_resolution: [400, 800] };
      mapping.changed("image_resolution");
      await start();
      const canvas = await page.locator("camera-view canvas.picture").boundingBox();
      assert.ok(canvas);
      await page.mouse.click(canvas.x + canvas.width / 3, canvas.y + canvas.height / 3);
      await page.getByText("was 800 × 400 when it was calibrated. Calibrate again.").waitFor();
      assert.deepEqual(stage.position, { x: 0, y: 0, z: 0 });
    },
  );
  // The browser tells of the one request that was to be refused.
  assert.deepEqual(
    complaints.map((complaint) => /status of \d+/.exec(complaint)?.[0] ?? complaint),
    ["status of 422"],
  );
});

async function shows(page: Page, axis: string, steps: number): Promise<void> {
  const text = new RegExp(`^${steps}$`);
  await page.locator(`stage-panel [data-axis="${axis}"]`, { hasText: text }).waitFor();
}

/** Waits until the panel shows a position, within two pixels of the picture. */
async function near(page: Page, { x, y }: { x: number; y: number }): Promise<void> {
  const shown = async (axis: string) =>
    Number(await page.locator(`stage-panel [data-axis="${axis}"]`).textContent());
  const off = async () =>
    Math.max(Math.abs((await shown("x")) - x), Math.abs((await shown("y")) - y));
  while ((await off()) > 2.5 * STEPS_PER_PIXEL) await delay(20, patience());
}

async function serve() {
  const root = await mkdtemp(join(tmpdir(), "thingscope-"));
  const host = new ThingHost({ settingsFolder: join(root, "settings") });
  const stage = new SimulatedStage({ speed: 5000 });
  const mapping = new CameraStageMapping();
  host.add("stage", stage);
  host.add("camera", new SimulatedCamera({ focal_plane: 200 }));
  host.add("autofocus", new Autofocus());
  host.add("camera_stage_mapping", mapping);
  host.add("scan", new Scan({ folder: join(root, "scans"), reserve_mb: 1 }));
  const server = new ThingServer(host);
  const { url } = await server.listen({ port: 0 });
  mapping.last_calibration = CALIBRATED;
  return { server, stage, mapping, url };
}
