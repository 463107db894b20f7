import assert from "node:assert/strict";
import { test } from "node:test";
import type { SimulatedStage } from "thingscope/things";
import { Elapsed } from "../../elapsed.ts";
import { TEST_MS } from "../../limits.ts";
import { openPage } from "../../system/chromium.ts";
import { areLive } from "../../system/dashboard-server.ts";
import { memberApart, memberFor } from "./members.ts";
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

test("when a member is killed, the page of another says so within 10 s and touches no other picture; when it is back, its Things are the same", {
  timeout,
}, async (t) => {
  const nats = await natsServerFor(t);
  const servers = [nats.url];
  const one = await memberFor(t, { servers, name: "one" });
  const two = await memberApart(t, { servers, name: "two" });
  await memberApart(t, { servers, name: "three" });
  const { page, complaints } = await openPage(t);
  await page.goto(`${one.url}/?view=wall`);
  await areLive(page, 3);
  const names = () => page.locator("camera-view .name").allTextContents();
  const ids = async () => {
    const things = (await (await fetch(`${one.url}/directory/things`)).json()) as { id: string }[];
    return things.map(({ id }) => id);
  };
  const [namesBefore, idsBefore] = [await names(), await ids()];
  assert.deepEqual(namesBefore, ["Camera", "three: Camera", "two: Camera"]);
  const healthy = ["Camera", "three: Camera"].map((name) =>
    page.locator("camera-view").filter({ has: page.getByText(name, { exact: true }) }),
  );
  const handles = await Promise.all(healthy.map((view) => view.elementHandle()));
  const indexOf = async (n: number) =>
    Number(await healthy[n]!.locator(".index .number").first().textContent());

  const elapsed = new Elapsed();
  two.child.kill("SIGKILL");
  const banner = page.locator("connection-banner .fleet");
  await banner.waitFor();
  t.diagnostic(`said after ${Math.round(elapsed.ms)} ms`);
  assert.ok(elapsed.ms <= 10_000, `${elapsed.ms} ms`);
  assert.equal(
    await banner.textContent(),
    "Nothing is heard of two any more, and its Things are not shown. Check its power and network.",
  );
  await page.getByText("two: Camera", { exact: true }).waitFor({ state: "detached" });
  for (const n of [0, 1]) {
    const before = await indexOf(n);
    while ((await indexOf(n)) <= before) await page.waitForTimeout(50);
    assert.ok(
      await handles[n]!.evaluate((element) => Object(element).isConnected),
      "the same element",
    );
  }

  const { port } = new URL(two.root);
  await memberApart(t, { servers, name: "two" }, { port: Number(port), at: two.folder });
  await banner.waitFor({ state: "detached" });
  await areLive(page, 3);
  assert.deepEqual([await names(), await ids()], [namesBefore, idsBefore]);
  for (const n of [0, 1])
    assert.ok(
      await handles[n]!.evaluate((element) => Object(element).isConnected),
      "the same element",
    );
  const others = complaints.filter((complaint) => !/ERR_CONNECTION_REFUSED/.test(complaint));
  assert.deepEqual(others, [], "the page itself has no fault");
  await page.goto(`${one.url}/?view=things&thing=two/stage`);
  await page.getByRole("button", { name: "Move to origin" }).click();
  await page.getByText("Completed").waitFor();
});
