import assert from "node:assert/strict";
import { test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { openPage } from "./chromium.ts";
import { areLive, laboratory } from "./dashboard-server.ts";
import { gauge, until } from "./live-scope.ts";

test("eight windows of one browser are live at once: three hear the directory, the others look", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await laboratory(t, 1);
  const { browser } = await openPage(t);
  const context = await browser.newContext({ viewport: { width: 640, height: 480 } });
  const windows = await Promise.all(Array.from({ length: 8 }, () => context.newPage()));
  await Promise.all(windows.map((each) => each.goto(url, { waitUntil: "commit" })));
  await Promise.all(windows.map((each) => areLive(each, 1)));
  await until(async () => (await gauge(url, "event_stream_readers")) === 3); // one too many gives way
  const [first] = windows;
  assert.equal(await first?.evaluate(`fetch("stage/position").then(({ status }) => status)`), 200);
});
