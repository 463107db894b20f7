import assert from "node:assert/strict";
import { test } from "node:test";
import type { SimulatedStage } from "thingscope/things";
import { TEST_MS } from "../../limits.ts";
import { openPage } from "../../system/chromium.ts";
import { areLive } from "../../system/dashboard-server.ts";
import { memberFor } from "./members.ts";
import { natsServerFor } from "./nats-server.ts";

const timeout = TEST_MS;

test("the dashboard of one member shows and operates the Things of all, and says when NATS is lost", {
  timeout,
}, async (t) => {
  const nats = await natsServerFor(t);
  const one = await memberFor(t, { servers: [nats.url], name: "one" });
  const two = await memberFor(t, { servers: [nats.url], name: "two" });
  const { page, complaints } = await openPage(t);
  await page.goto(`${one.url}/?view=things&thing=two/stage`);
  await page.locator("h1", { hasText: "Simulated stage" }).waitFor();
  await page.locator("nav").getByText("On two").first().waitFor();
  await page.getByText("0 steps").first().waitFor();
  await two.server.host.get("stage").invoke("move_relative", { x: 41 }).ended;
  await page.getByText("41 steps").waitFor();
  await page.getByRole("button", { name: "Move to origin" }).click();
  await page.getByText("Completed").waitFor();
  const stage = two.server.host.get("stage").thing as SimulatedStage;
  assert.equal(stage.position.x, 0);
  assert.deepEqual(complaints, []);

  await page.goto(`${one.url}/?view=wall`);
  await areLive(page, 2);
  const names = await page.locator("camera-view .name").allTextContents();
  assert.deepEqual(names, ["Camera", "two: Camera"]);
  await nats.kill();
  const banner = page.locator("connection-banner .fleet");
  await banner.waitFor();
  const said = /^Other machines are shown as they were \d+ s ago: NATS is not reached \(.+\)\.$/;
  assert.match((await banner.textContent()) ?? "", said);
  const frame = page.locator("camera-view", { hasText: "two: Camera" }).locator(".index .number");
  const before = await frame.textContent();
  while ((await frame.textContent()) === before) await page.waitForTimeout(50); // pictures do not go through NATS
  await nats.restart();
  await banner.waitFor({ state: "detached" });
});
